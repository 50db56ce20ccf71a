"""A0 and C of views that were drawn, without bias."""

import numpy as np
from jaxtyping import Float, Float64

from eigenview.theory.matrices import symmetric


def view_covariances(
    views: Float[np.ndarray, "K P d"],
) -> tuple[Float64[np.ndarray, "d d"], Float64[np.ndarray, "d d"]]:
    """A0 and C: what views of one sample share, and what augmentation adds to each view; both without bias.

    A0 is the mean cross-covariance of two views of a sample, over P − 1, and C the covariance of a sample's views about
    their mean, over P(K − 1). A0 is as it was estimated: with few samples for the noise it is slightly indefinite, as
    an unbiased estimate of a small covariance has to be; `nearest_covariance` makes it one, and says what that cost.

    Costs 2·K·P·d² operations and twice the views in float64.

    Args:
        views: of each of P samples; K and P at least 2.

    Raises:
        ValueError: views that are not finite, or a single view or sample, or not [K, P, d].

    Source: landscape, Sec. 1.1 (A0 and C); the estimator is that of a one-way analysis of variance.
    """
    x = np.array(views, dtype=np.float64)
    if x.ndim != 3 or x.shape[0] < 2 or x.shape[1] < 2 or not x.size:
        raise ValueError(f"covariances need [K, P, d] of at least two views of two samples, not {x.shape}")
    if not np.isfinite(x).all():
        raise ValueError("views are not finite")
    K, P, d = x.shape
    rows = (x - x.mean(0)).reshape(-1, d)
    within = rows.T @ rows / (P * (K - 1))
    x -= x.mean(1, keepdims=True)
    total, rows = x.sum(0), x.reshape(-1, d)
    between = (total.T @ total - rows.T @ rows) / (K * (K - 1) * (P - 1))
    return (between + between.T) / 2, within


def nearest_covariance(A: Float[np.ndarray, "d d"]) -> tuple[Float64[np.ndarray, "d d"], float]:
    """The nearest matrix to a symmetric one that has no negative eigenvalue, and which share was cut off.

    The share is Σ|λ| over negative eigenvalues by that over all: a large one says that there are too few samples to
    tell A0 from the noise in it.

    Args:
        A: symmetric, such as A0 of `view_covariances`.

    Raises:
        ValueError: a matrix that is not square, not finite, or not symmetric.

    Source: Higham 1988, Thm. 2.1.
    """
    eigenvalues, axes = np.linalg.eigh(symmetric(A, "A"))
    kept = np.maximum(eigenvalues, 0)
    nearest = (axes * kept) @ axes.T
    total = np.abs(eigenvalues).sum()
    return (nearest + nearest.T) / 2, float((kept - eigenvalues).sum() / total) if total else 0.0
