"""How well a linear projector fits the tangent plane that displacements estimate."""

from jaxtyping import Float
from torch import Tensor

from eigenview.linalg import row_blocks, row_space


def unexplained_variance(W: Float[Tensor, "D d"], displacements: Float[Tensor, "N d"], tolerance: float = 0.0) -> float:
    """Share of the displacements' squared length that W does not see: Σ min_t ‖δh − Wᵀt‖² / Σ ‖δh‖², in [0, 1].

    Low is a projector whose directions contain the displacements: for `displacements(h, nearest_negatives(z))`, the
    tangent plane of the data as the batch estimates it, it is said to fall sharply at the start of training. High is
    a projector that looks elsewhere; one that has nothing to do with isotropic displacements leaves 1 − rank/d.
    Displacements of zeros leave nothing: 0. Costs one SVD of W and 4·N·d·rank operations; 128 MiB above W's.

    Args:
        W: weight of the projector as torch keeps it, an output a row: z = h Wᵀ (the paper's columns of W).
        displacements: a displacement in feature space a row; not centred.
        tolerance: directions of W weaker than this times its strongest do not count. At 0, the paper's equation to
            the letter, all count that are not rounding; at 0.01 those that `projector_rank` counts by default.

    Raises:
        ValueError: W or displacements that are not finite or empty, displacements of another dimension than W takes,
            or a tolerance not in [0, 1].

    Source: geometry, Eq. 10 and Fig. 7.
    """
    if not displacements.numel():
        raise ValueError(f"displacements of {displacements.shape[0]} × {displacements.shape[1]} are empty")
    seen = row_space(W, tolerance)
    left = total = 0.0
    for block in row_blocks(displacements, "displacements"):
        total += float(block.square().sum())
        left += float(seen.outside(block).square().sum())
    return min(left / total, 1.0) if total else 0.0
