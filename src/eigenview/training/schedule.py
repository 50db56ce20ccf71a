"""Schedules of the learning rate and of an EMA teacher's momentum."""

import math


def learning_rate(step: int, steps: int, peak: float, warmup: float) -> float:
    """Linear warm-up to `peak`, then a cosine to zero: a function of the step alone, so that resuming needs no state.

    Args:
        step: index of the update about to be made, from 0.
        steps: number of updates in the whole run.
        peak: the largest learning rate.
        warmup: share of `steps` in the warm-up, in [0, 1].
    """
    rising = warmup * steps
    if step < rising:
        return peak * (step + 1) / (rising + 1)
    return peak * 0.5 * (1 + math.cos(math.pi * (step - rising) / max(steps - rising, 1)))


def teacher_momentum(step: int, steps: int, base: float) -> float:
    """A cosine from `base` to 1: a function of the step alone, like the learning rate.

    Args:
        step: index of the update just made, from 0.
        steps: number of updates in the whole run.
        base: the momentum at the first update: the share of its own weights that the teacher keeps.

    Source: Grill et al. 2020, Sec. 3.3 (τ).
    """
    return 1 - (1 - base) * 0.5 * (1 + math.cos(math.pi * step / steps))
