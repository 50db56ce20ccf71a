"""Features or embeddings fill a few of many dimensions, or a tenth of those they filled before."""

from functools import partial

from eigenview.alarms.alarm import AlarmRule
from eigenview.alarms.trajectory import Trajectory
from eigenview.runs.records import StepRecord

_FEW_BY_NATURE = 8  # dimensions, among which a low effective rank is expected


def _evidence(space: str, record: StepRecord, run: Trajectory) -> str | None:
    rank, most, peak = record.effective_rank.get(space), run.max_rank.get(space), run.peak_rank(space)
    if rank is None or most is None or most <= _FEW_BY_NATURE:
        return None
    if rank >= max(2.0, min(4.0, 0.1 * most), 0.1 * peak):
        return None
    return (
        f"at step {record.step} the effective rank of the {space} is {rank:.1f} of {most}, after a peak of {peak:.1f}"
    )


def _rule(space: str, unless: str | None) -> AlarmRule:
    return AlarmRule(
        f"{space} collapsed to a few dimensions",
        "each measurement",
        f"the effective rank of the {space} is below 4 (below 2 to 4 if a batch spans fewer than 40 dimensions), or "
        "below a tenth of its peak",
        "a smaller learning rate, less weight decay, weaker views, or an objective that spreads the embeddings more",
        partial(_evidence, space),
        needs=("effective_rank",),
        patient=True,
        unless=unless,
    )


FEATURES = _rule("features", None)
EMBEDDINGS = _rule("embeddings", "complete collapse")
