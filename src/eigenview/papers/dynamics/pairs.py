"""The matrix C of the contrastive loss of pairs of samples."""

import numpy as np
from jaxtyping import Float

from eigenview.theory.dynamics import contrastive_matrix

_NOISE = 0.1  # standard deviation of positives around their anchor, in units of the data's


def pair_matrix(x: Float[np.ndarray, "N d"]) -> Float[np.ndarray, "d d"]:
    """C of the contrastive loss per sample: positives are noisy copies, negatives are a permutation."""
    generator, centred = np.random.default_rng(0), x - x.mean(0)
    positives = centred + _NOISE * x.std() * generator.normal(size=x.shape)
    return contrastive_matrix(centred, positives, centred[generator.permutation(len(x))]) / len(x)
