"""How much rows point the same way."""

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.linalg import normalize, row_blocks


def self_clustering(features: Float[Tensor, "N D"]) -> float:
    """Excess of the squared cosines between rows over those of uniform directions: 0 uniform, 1 collapsed to a line.

    (D‖ZZᵀ‖_F² − N(D + N − 1)) / ((D − 1)(N − 1)N) for unit rows Z. High is collapse, also to a point and its
    opposite; 0 is expected of uniform rows. Rows more even than random reach −1/(max(N, D) − 1), such as orthonormal
    ones. Rows of zeros have no direction and are left out.

    Costs ND² operations, a D × D matrix and 0.3 GiB, since ‖ZZᵀ‖_F = ‖ZᵀZ‖_F.

    Args:
        features: a row a sample; uncentred.

    Raises:
        ValueError: features that are not finite, have one dimension, or fewer than two rows that are not zero.

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
