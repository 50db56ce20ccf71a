"""MMCR of a linear layer, solved for a fixed variance of embeddings."""

import numpy as np
from jaxtyping import Float

from eigenview.theory.landscape.generalized_eigen import generalized_eigenmodes
from eigenview.theory.landscape.stationary_point import StationaryPoint
from eigenview.theory.matrices import covariance, same_size


def nuclear_norm_minimum(
    A0: Float[np.ndarray, "d d"], C: Float[np.ndarray, "d d"], K: int, D: int | None = None
) -> StationaryPoint:
    """The W that maximizes the nuclear norm of centroids of K views, with f = Wx and E‖f‖² = 1.

    Over √P, for P ≫ D, the norm is Tr(WMWᵀ)^½ with M = A0 + C/K, the covariance of centroids. With μ the eigenvalues of
    M in the metric of Σ, that is Σ√(μ_i h_i), largest at h_i = μ_i/Σμ: **no mode collapses**, however strong views are;
    noisy modes get less, by at most a factor of K. If W has fewer rows, the modes with the least noise are kept; the
    value is √Σμ, at most √D. Only the mean variance is fixed, whereas MMCR has each embedding on the sphere; the data
    may have any distribution.

    Args:
        A0: covariance of clean inputs.
        C: covariance that augmentation adds.
        K: number of views, at least 1.
        D: number of rows of W; by default that of its columns.

    Returns:
        Modes whose variances sum to 1; `value` is minus the norm over √P.

    Raises:
        ValueError: A0 or C is not a covariance, their sizes differ, or K or D is below 1.

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
