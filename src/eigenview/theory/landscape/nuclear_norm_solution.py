"""MMCR of a linear layer, solved where the variance of embeddings is held."""

import numpy as np
from jaxtyping import Float

from eigenview.theory.landscape.generalized_eigen import generalized_eigenmodes
from eigenview.theory.landscape.stationary_point import StationaryPoint
from eigenview.theory.matrices import covariance, same_size


def nuclear_norm_minimum(
    A0: Float[np.ndarray, "d d"], C: Float[np.ndarray, "d d"], K: int, D: int | None = None
) -> StationaryPoint:
    """The W that maximises the nuclear norm of centroids of K views, with f = Wx and E‖f‖² = 1.

    Over √P, for P ≫ D, the norm is Tr(WMWᵀ)^½ with M = A0 + C/K, the covariance of centroids. With μ the eigenvalues of
    M in the metric of Σ, that is Σ√(μ_i h_i), largest at h_i = μ_i/Σμ: **no mode collapses**, however strong views are;
    noisy ones get less, by at most a factor of K. As many as W has rows are kept, those with the least noise, and
    their value is √Σμ, at most √D. It holds the variance in the mean only, where MMCR has each on the sphere;
    whatever the data's law is.

    Args:
        A0: covariance of clean inputs.
        C: covariance that augmentation adds.
        K: views, at least 1.
        D: rows of W; as many as it has columns if not given.

    Returns:
        Modes that add up to 1; `value` is minus the norm over √P.

    Raises:
        ValueError: what are no covariances, of two sizes, or K or D below 1.

    Source: derived for this project; the loss is mmcr, Sec. 2.
    """
    same_size(A0=np.asarray(A0), C=np.asarray(C))
    if K < 1 or (D is not None and D < 1):
        raise ValueError(f"K and D must be at least 1, not {K} and {D}")
    A0, C = covariance(A0, "A0"), covariance(C, "C")
    modes = generalized_eigenmodes(A0 + C, A0 + C / K)
    mu = np.maximum(modes.eigenvalues, 0.0)
    mu[len(mu) if D is None else D :] = 0.0
    total = mu.sum()
    if not total:
        raise ValueError("A0 and C are zero: there is nothing to embed")
    return StationaryPoint(mu / total, modes.directions, -float(np.sqrt(total)))
