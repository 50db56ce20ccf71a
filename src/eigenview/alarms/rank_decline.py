"""Whether a rank is still on its way down."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import kendalltau

from eigenview.alarms.alarm import Alarm

_FEWEST = 5
_AT_THE_END = (0.1, 0.6, 1.0)
_ON_THE_WAY = (0.2, 0.8, 0.5)


def still_falling(what: str, ranks: Sequence[tuple[int, float]], peak: float, steps: int | None) -> Alarm | None:
    """The effective rank falls over the last third of the steps made so far.

    At the end of a run: by at least 10%, with a Kendall τ of −.6 or below. Before, where a healthy rank may fall from
    an early peak and rise again: only from the run's middle on (without a known end, from 12 measurements on), by at
    least 20%, with a τ of −.8 or below, and to less than half the peak. Fewer than five measurements tell nothing.

    Args:
        what: `features` or `embeddings`.
        ranks: steps and ranks, in order.
        peak: the largest of the ranks.
        steps: the run's updates in all, if known.
    """
    last, rank = ranks[-1]
    ended = steps is not None and last >= steps
    established = len(ranks) >= 12 if steps is None else last >= steps / 2
    if not (ended or established):
        return None
    stretch = np.array([(step, value) for step, value in ranks if step >= 2 * last / 3 and value > 0])
    least_fall, least_tau, most_of_peak = _AT_THE_END if ended else _ON_THE_WAY
    if len(stretch) < _FEWEST or rank > most_of_peak * peak or stretch[-1, 1] >= stretch[0, 1]:
        return None
    at, values = stretch.T
    # By a line through logarithms, so that the noise of one batch at either end weighs little.
    fall = 1 - np.exp(np.polyfit(at, np.log(values), 1)[0] * (at[-1] - at[0]))
    tau = kendalltau(at, values).statistic  # pyright: ignore[reportAttributeAccessIssue]
    if fall < least_fall or tau > -least_tau:
        return None
    return Alarm(
        f"rank of {what} still falling",
        f"from step {at[0]:.0f} to {last} the effective rank fell by {fall:.0%} to {rank:.1f}, after a peak of "
        f"{peak:.1f} (Kendall's τ with the step {tau:.2f}; −1 is a steady fall)",
        "more steps, to see where it ends; less weight decay, weaker views, or an objective that spreads embeddings "
        "more",
    )
