"""Whether samples share directions: coherence (leverage) and self-clustering."""

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.linalg import normalize, row_blocks, smaller_gram
from eigenview.measures.spec import measure
from eigenview.measures.spectral_cache import SpectralCache


@measure(
    direction="low",
    meaning="1 if samples share all directions; high if some sample has its own",
    shares=SpectralCache,
    group="spectrum",
)
def coherence(features: Float[Tensor, "N D"] | SpectralCache) -> float:
    """The largest leverage of a sample: N/r · maxᵢ ‖Uᵀeᵢ‖², U the left singular vectors, r the rank; in [1, N/r].

    1 is every sample sharing the features' directions equally; N/r is a sample that has a direction to itself.
    Features of zeros have no directions: 0. It depends on the column space alone, so an invertible linear map of the
    features leaves it unchanged. Directions below 1e-6 of the largest are not counted. It is 1 wherever N ≤ D and rows
    are linearly independent. Costs a streamed Gram matrix of the smaller side, its eigenvectors, and for N ≥ D a
    further pass.

    Args:
        features: one row for each sample; uncentred.

    Raises:
        ValueError: features are not finite, or there are none.

    Source: Candès & Recht 2009, Def. 1.2; Tsitsulin et al. 2023.
    """
    cache = SpectralCache.of(features)
    x, (N, D) = cache.features, cache.features.shape
    squares, vectors = torch.linalg.eigh(cache.moments.gram if N >= D else smaller_gram(x))
    kept = squares > 1e-12 * squares[-1]
    if not kept.any():
        return 0.0
    if N >= D:
        to_left = vectors[:, kept] / squares[kept].sqrt()
        leverages = torch.stack([(rows @ to_left).square().sum(1).max() for rows in row_blocks(x)])
    else:
        leverages = vectors[:, kept].square().sum(1)
    return N / int(kept.sum()) * float(leverages.max())


@measure(
    direction="low",
    meaning="excess of squared cosines between rows: 0 is uniform, 1 is collapsed to a line",
    group="geometry",
)
def self_clustering(features: Float[Tensor, "N D"]) -> float:
    """Excess of the squared cosines between rows over those of uniform directions: 0 uniform, 1 collapsed to a line.

    (D‖ZZᵀ‖_F² − N(D + N − 1)) / ((D − 1)(N − 1)N) for unit rows Z. High is collapse, also to a point and its
    opposite; 0 is expected of uniform rows. Rows more even than random reach −1/(max(N, D) − 1), such as orthonormal
    ones. Rows of zeros have no direction and are left out.

    Costs ND² operations, a D × D matrix and 0.3 GiB, since ‖ZZᵀ‖_F = ‖ZᵀZ‖_F.

    Args:
        features: one row for each sample; uncentred.

    Raises:
        ValueError: features are not finite, have one dimension, or have fewer than two rows that are not zero.

    Source: Tsitsulin, Munkhoeva & Perozzi 2023 (self-clustering).
    """
    D = features.shape[1]
    if D < 2:
        raise ValueError(f"directions need at least two dimensions, not {D}")
    N, gram = 0, torch.zeros(D, D, dtype=torch.float64, device=features.device)
    for block in row_blocks(features):
        rows = normalize(block)
        N += int(rows.any(1).sum())
        gram.addmm_(rows.mT, rows)
    if N < 2:
        raise ValueError(f"directions need at least two rows that are not zero, not {N}")
    return float((D * gram.square().sum() - N * (D + N - 1)) / ((D - 1) * (N - 1) * N))
