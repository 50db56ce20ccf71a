"""How the learning rate moves."""

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
