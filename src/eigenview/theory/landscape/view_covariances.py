"""A0 and C of views: what a sample's views share, and what augmentation adds, estimated without bias."""

import numpy as np
from jaxtyping import Float, Float64

from eigenview.theory.matrices import symmetric

Matrix = Float64[np.ndarray, "d d"]


def view_covariances(views: Float[np.ndarray, "K P d"]) -> tuple[Matrix, Matrix]:
    """A0 and C: what views of one sample share, and what augmentation adds to each view; both without bias.

    C is the covariance of a sample's views about their mean, over P(K − 1); A0 is the covariance of these means, over
    P − 1, less their share C/K of what augmentation adds. A0 is as it was estimated: with few samples for the noise it
    is slightly indefinite, as an unbiased estimate of a small covariance has to be; `nearest_covariance` makes it one,
    and says what that cost.

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
    x -= x.mean((0, 1))  # squares of numbers near zero lose no digits
    totals = x.sum(0)
    rows = (x - totals / K).reshape(-1, d)
    return covariances_from_sums(rows.T @ rows, totals.T @ totals, totals.sum(0), K, P)


def covariances_from_sums(
    within: Matrix, totals: Matrix, total: Float64[np.ndarray, "d"], K: int, P: int
) -> tuple[Matrix, Matrix]:
    """A0 and C, as `view_covariances` defines them, from sums that a stream of samples can add up.

    Args:
        within: the sum over views and samples of ddᵀ, where d is a view less the mean of its sample's views.
        totals: the sum over samples of ttᵀ, where t is the sum of a sample's views.
        total: the sum over samples of t.
        K: views of each sample.
        P: samples.

    Raises:
        ValueError: a single view or sample.
    """
    if K < 2 or P < 2:
        raise ValueError(f"covariances need at least two views of two samples, not K = {K} and P = {P}")
    C = within / (P * (K - 1))
    A0 = (totals - np.outer(total, total) / P) / (K**2 * (P - 1)) - C / K
    return (A0 + A0.T) / 2, (C + C.T) / 2


def nearest_covariance(A: Float[np.ndarray, "d d"]) -> tuple[Matrix, float]:
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
