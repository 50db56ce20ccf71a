"""How long the centroids of a sample's views are."""

from math import sqrt

from eigenview.theory.capacity._checks import agreeing, whole


def centroid_length(K: int, agreement: float) -> float:
    """Root mean square length of the centroid of K unit vectors: √((1 + (K − 1)ρ)/K).

    Exact for any unit vectors; from 1 for views that agree down to 0 for such as cancel out. It falls as K grows,
    towards √ρ: the first views of a sample hide, by the luck of few, how far apart its views are.

    Args:
        K: views of a sample.
        agreement: ρ, the mean cosine of two different views of a sample, over samples too; in [−1/(K − 1), 1].

    Raises:
        ValueError: K that is no whole number of at least 1, or a cosine that K views cannot have.

    Source: for this project; E‖mean_k z_k‖² = (K + K(K − 1)ρ)/K².
    """
    (K,) = whole(K=K)
    return sqrt(max(0.0, 1 + (K - 1) * agreeing(agreement, K)) / K)
