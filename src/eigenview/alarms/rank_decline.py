"""The effective rank still falls at the end of a run, or has fallen for long on the way."""

from functools import partial

import numpy as np
from scipy.stats import kendalltau

from eigenview.alarms.alarm import AlarmRule
from eigenview.alarms.trajectory import Trajectory
from eigenview.runs.records import StepRecord

_FEWEST = 5
# The least relative fall, the least −τ, and the largest share of the peak.
_AT_THE_END = (0.1, 0.6, 1.0)
_ON_THE_WAY = (0.2, 0.8, 0.5)


def _evidence(space: str, record: StepRecord, run: Trajectory) -> str | None:
    """A fall over the last third of the steps made so far.

    At the end of a run: by at least 10%, with a Kendall τ of −0.6 or below. Before, where a healthy rank may fall from
    an early peak and rise again: only from the run's middle on (without a known end, from 12 measurements on), by at
    least 20%, with a τ of −0.8 or below, and to less than half the peak. Fewer than five measurements tell nothing.
    """
    rank, ranks, last, steps = record.effective_rank.get(space), run.ranks.get(space, []), record.step, run.steps
    if rank is None or space not in run.max_rank:
        return None
    ended = steps is not None and last >= steps
    established = len(ranks) >= 12 if steps is None else last >= steps / 2
    if not (ended or established):
        return None
    stretch = np.array([(step, value) for step, value in ranks if step >= 2 * last / 3 and value > 0])
    least_fall, least_tau, most_of_peak = _AT_THE_END if ended else _ON_THE_WAY
    peak = run.peak_rank(space)
    if len(stretch) < _FEWEST or rank > most_of_peak * peak or stretch[-1, 1] >= stretch[0, 1]:
        return None
    at, values = stretch.T
    if at[-1] <= at[0]:
        return None
    # By a line through logarithms, so that the noise of one batch at either end weighs little.
    fall = 1 - np.exp(np.polyfit(at, np.log(values), 1)[0] * (at[-1] - at[0]))
    tau = kendalltau(at, values).statistic  # pyright: ignore[reportAttributeAccessIssue]
    if fall < least_fall or tau > -least_tau:
        return None
    return (
        f"from step {at[0]:.0f} to {last} the effective rank of the {space} fell by {fall:.0%} to {rank:.1f}, after a "
        f"peak of {peak:.1f} (Kendall's τ with the step is {tau:.2f}; −1 is a steady fall)"
    )


def _rule(space: str) -> AlarmRule:
    return AlarmRule(
        f"rank of {space} still falling",
        "each measurement",
        f"the effective rank of the {space} fell steadily over the last third of the run",
        "more steps, to see where the rank settles; less weight decay, weaker views, or an objective that spreads the "
        "embeddings more",
        partial(_evidence, space),
        needs=("effective_rank",),
        patient=True,
    )


FEATURES = _rule("features")
EMBEDDINGS = _rule("embeddings")
