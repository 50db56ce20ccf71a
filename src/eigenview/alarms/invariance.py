"""Views of one sample are as far apart as views of different samples."""

from eigenview.alarms.alarm import AlarmRule
from eigenview.alarms.trajectory import Trajectory
from eigenview.runs.records import StepRecord

_AS_FAR = 0.95


def _evidence(record: StepRecord, run: Trajectory) -> str | None:
    """Between unit rows the mean squared distance is 2(1 − cosine), so the ratio below is one of squared distances."""
    for space in ("embeddings", "features"):
        cosine = record.cosine.get(space)
        if cosine is None or cosine.samples is None or cosine.views is None or cosine.samples >= 1:
            continue
        ratio = (1 - cosine.views) / (1 - cosine.samples)
        if ratio >= _AS_FAR:
            return (
                f"at step {record.step} the squared distance between {space} of a sample's views is {ratio:.0%} of "
                f"that between different samples (cosines {cosine.views:.3f} and {cosine.samples:.3f})"
            )
    return None


NO_INVARIANCE = AlarmRule(
    "no invariance",
    "each measurement",
    "views of a sample are as far apart as views of different samples (squared distance 95% or more)",
    "weaker views, a larger weight on the agreement of views, a smaller learning rate, or a longer warm-up",
    _evidence,
    needs=("cosine",),
    in_a_row=2,
    patient=True,
    unless="complete collapse",
)
