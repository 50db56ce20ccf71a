"""Intrinsic dimension: how many coordinates features need near each row, from distances to nearest neighbours."""

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.measures.distances import nearest_distances
from eigenview.measures.spec import measure


@measure(
    meaning="intrinsic dimension near each row, from its 2 nearest neighbours",
    max_rows=10000,
    group="geometry",
)
def two_nn(features: Float[Tensor, "N D"]) -> float:
    """Intrinsic dimension by each row's two nearest neighbours: N / Σ log(r₂/r₁).

    Above 0; the d of a cloud that locally fills d dimensions evenly, however curved. It falls short of a d that is
    large for N: 2,000 uniform rows in a cube give 8.6 for d = 10 and 32 for d = 50. Low is dimensional collapse. It is
    the maximum likelihood of all rows; Facco et al. fit a line to the nine tenths with the smallest ratios.

    Rows that have a duplicate, r₁ = 0, are dropped; they still count as neighbours of others.

    Costs N²D operations; memory of 0.5 GiB and N rows of four numbers.

    Args:
        features: one row for each sample.

    Raises:
        ValueError: features are not finite, are fewer than three, all have a duplicate, or are all as far from
            their second neighbour as from the first.

    Source: Facco et al. 2017 (TwoNN); as the maximum likelihood estimate, Denti et al. 2022.
    """
    return _dimension(features, 2)


@measure(
    meaning="intrinsic dimension near each row, from its 20 nearest neighbours",
    max_rows=10000,
    group="geometry",
)
def local_dimension(features: Float[Tensor, "N D"], k: int = 20) -> float:
    """Local intrinsic dimension (LID), from the distances r_j of each row to its k nearest neighbours.

    A row's own is the inverse of the mean over j < k of log(r_k/r_j). The cloud's is their harmonic mean, which is the
    maximum likelihood estimate if all rows share one; a plain mean is too high, most of all for a small k. With k = 2
    it is `two_nn`; more neighbours are less noise, and more of the cloud's curvature and edges. (Some average over k
    numbers, r_k's own logarithm of 0 among them, which multiplies the estimate by k/(k − 1).)

    Above 0; read as `two_nn`. Rows that have a duplicate are dropped, as there.

    Costs N²D operations; memory of 0.5 GiB and N rows of 2k numbers.

    Args:
        features: one row for each sample; more than k.
        k: number of neighbours; at least 2.

    Raises:
        ValueError: features are not finite, are too few, all have a duplicate, or have neighbours that are all
            equally far; a k below 2.

    Source: Levina & Bickel 2004; averaged as in MacKay & Ghahramani 2005.
    """
    if k < 2:
        raise ValueError(f"k must be at least 2 neighbours, not {k}")
    return _dimension(features, k)


def _dimension(features: Tensor, k: int) -> float:
    distances = nearest_distances(features, k)
    distances = distances[distances[:, 0] > 0]
    if not len(distances):
        raise ValueError(f"all {len(features)} rows have a duplicate: an intrinsic dimension needs distinct rows")
    inverse = torch.log(distances[:, -1:] / distances[:, :-1]).mean()
    if inverse == 0:
        raise ValueError(f"each row's {k} nearest rows are equally far: the intrinsic dimension is not finite")
    return float(1 / inverse)
