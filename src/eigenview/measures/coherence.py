"""Whether some samples have directions of their own."""

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.linalg import row_blocks, smaller_gram
from eigenview.measures.spectral_cache import SpectralCache, as_cloud


def coherence(features: Float[Tensor, "N D"] | SpectralCache) -> float:
    """The largest leverage of a sample: N/r · maxᵢ ‖Uᵀeᵢ‖², U the left singular vectors, r the rank; in [1, N/r].

    1 is every sample sharing in the features' directions alike; N/r is a sample that has a direction to itself.
    Features of zeros have no directions: 0. It depends on the column space alone, whatever invertible map follows the
    features. Directions below 1e-6 of the largest are not counted. Wherever N ≤ D and rows are independent it is 1.
    Costs a streamed Gram matrix of the smaller side, its eigenvectors, and for N ≥ D a further pass.

    Args:
        features: a row a sample; uncentred.

    Raises:
        ValueError: features that are not finite, or none.

    Source: Candès & Recht 2009, Def. 1.2; Tsitsulin et al. 2023.
    """
    cloud = as_cloud(features)
    x, (N, D) = cloud.features, cloud.features.shape
    squares, vectors = torch.linalg.eigh(cloud.moments.gram if N >= D else smaller_gram(x))
    kept = squares > 1e-12 * squares[-1]
    if not kept.any():
        return 0.0
    if N >= D:
        to_left = vectors[:, kept] / squares[kept].sqrt()
        leverages = torch.stack([(rows @ to_left).square().sum(1).max() for rows in row_blocks(x)])
    else:
        leverages = vectors[:, kept].square().sum(1)
    return N / int(kept.sum()) * float(leverages.max())
