"""How the learning rate moves, and a teacher's momentum."""

import math


def learning_rate(step: int, steps: int, peak: float, warmup: float) -> float:
    """Linear warm-up to `peak`, then a cosine to zero: a pure function of the step, so a resumed run needs no memory.

    Args:
        step: the update about to be made, from 0.
        steps: updates in all.
        peak: the largest rate.
        warmup: share of `steps` spent rising, in [0, 1].
    """
    rising = warmup * steps
    if step < rising:
        return peak * (step + 1) / (rising + 1)
    return peak * 0.5 * (1 + math.cos(math.pi * (step - rising) / max(steps - rising, 1)))


def teacher_momentum(step: int, steps: int, base: float) -> float:
    """A cosine from `base` to 1: of the step alone, like the learning rate.

    Args:
        step: the update that was just made, from 0.
        steps: updates in all.
        base: the share of itself that a teacher keeps at the first of them.

    Source: Grill et al. 2020, Sec. 3.3 (τ).
    """
    return 1 - (1 - base) * 0.5 * (1 + math.cos(math.pi * step / steps))
