"""The length of the centroid of a sample's views."""

from math import isfinite, sqrt

from eigenview.theory.capacity._checks import integers


def centroid_length(K: int, agreement: float) -> float:
    """Root mean square length of the centroid of K unit vectors: √((1 + (K − 1)ρ)/K).

    Exact for any unit vectors: 1 for identical views, 0 for views that cancel out. It decreases with K towards √ρ: with
    few views of a sample the centroid looks longer than it is for many.

    Args:
        K: number of views of a sample.
        agreement: ρ, mean cosine of two different views of a sample, averaged over samples; in [−1/(K − 1), 1].

    Raises:
        ValueError: K is not an integer of at least 1, or K unit vectors cannot have this mean cosine.

    Source: for this project; E‖mean_k z_k‖² = (K + K(K − 1)ρ)/K².
    """
    (K,) = integers(K=K)
    least = -1 / (K - 1) if K > 1 else -1.0
    if not (isfinite(agreement) and least * (1 + 1e-9) <= agreement <= 1 + 1e-9):
        raise ValueError(f"the mean cosine of {K} views must be from {least:.4g} to 1, not {agreement}")
    rho = min(1.0, max(least, float(agreement)))
    return sqrt(max(0.0, 1 + (K - 1) * rho) / K)
