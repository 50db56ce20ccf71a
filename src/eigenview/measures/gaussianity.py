"""Whether features around an image are Gaussian."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from scipy.stats import normaltest
from torch import Tensor

_NUMBERS = 2**22


@dataclass(frozen=True)
class Gaussianity:
    """Summary of tests of normality, one for each dimension.

    Args:
        p: mean p-value; ½ for Gaussian features, 0 for features that surely are not.
        share: share of the tests with p above the level; 1 − level for Gaussian features.
    """

    p: float
    share: float


def gaussianity(samples: Float[Tensor, "M D"] | Float[Tensor, "M N D"], level: float = 0.05) -> Gaussianity:
    """How Gaussian features are over perturbed copies of an image: D'Agostino and Pearson's test of skew and kurtosis.

    Both numbers are in [0, 1]; high says that normality is not rejected: compare at equal M, since more copies
    reject more. Where an image's noise is small, a piecewise affine net maps it within one piece, and features are
    Gaussian; as noise grows they are not. A feature that does not vary (a dead ReLU) is left out.

    Costs MND operations and 0.3 GiB.

    Args:
        samples: features of M copies of an image, or of each of N images; M at least 20.
        level: significance level, between 0 and 1.

    Raises:
        ValueError: features are not finite, are of fewer than 20 copies, or do not vary at all; the level is out of
            range.

    Source: information (NOTES 5), Gaussianity; D'Agostino & Pearson 1973.
    """
    M = len(samples)
    if M < 20:
        raise ValueError(f"a test of normality needs at least 20 copies of an image, not {M}")
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, not {level}")
    ps = [p for part in samples.detach().flatten(1).split(max(1, _NUMBERS // M), 1) for p in _p_values(part)]
    if not ps:
        raise ValueError("no feature varies over the copies, so there is nothing to test")
    return Gaussianity(float(np.mean(ps)), float(np.mean(np.array(ps) > level)))


def _p_values(part: Tensor) -> np.ndarray:
    x = part.double()
    if not torch.isfinite(x).all():
        raise ValueError(f"features over {len(x)} copies are not finite")
    largest = x.abs().amax(0)
    x = x - x.mean(0)
    spread = x.square().mean(0).sqrt()
    # Below rounding of the mean there is nothing to test.
    varies = spread > 1e-12 * largest
    return normaltest((x[:, varies] / spread[varies]).cpu().numpy()).pvalue if varies.any() else np.empty(0)
