"""How fast the spectrum decays."""

import numpy as np
from jaxtyping import Float
from torch import Tensor

from eigenview.measures.spectral_cache import SpectralCache, as_cloud


def alpha_req(features: Float[Tensor, "N D"] | SpectralCache, first: int = 3, last: int = 100) -> float:
    """The exponent α of the covariance's eigenvalues, λᵢ ∝ i^−α, over the indices `first` to `last`.

    0 is a flat spectrum; high is few directions. Good features tend to be near 1: neither end is good. It is the slope
    of log λᵢ on log i by least squares with weights 1/i, so that each octave of indices counts alike. Eigenvalues below
    1e-14 of the largest are rounding, and what lies from the first of them on is left out. Costs what `effective_rank`
    does.

    Args:
        features: a row a sample, two at least; centred here.
        first: index of the largest eigenvalue of the fit, from 1; the first ones rarely follow the law.
        last: index of the smallest, or fewer where there are not so many.

    Raises:
        ValueError: features that are not finite; fewer than three eigenvalues to fit, by shape, range or collapse.

    Source: α-ReQ, Agrawal et al. 2022; the weights are Stringer et al. 2019's.
    """
    if not 1 <= first < last:
        raise ValueError(f"first and last must be indices from 1 with first < last, not {first} and {last}")
    variances = as_cloud(features).variances.cpu().numpy()
    there = int((variances > 1e-14 * variances[0]).sum())
    i = np.arange(first, min(last, there) + 1)
    if len(i) < 3:
        raise ValueError(f"a slope needs eigenvalues {first} to {first + 2} at least, and there are {there} above zero")
    # numpy's weights are those of residuals, before they are squared.
    slope, _ = np.polyfit(np.log(i), np.log(variances[i - 1]), 1, w=i**-0.5)
    return -float(slope)
