"""How many directions of feature space a linear projector sees."""

from jaxtyping import Float
from torch import Tensor

from eigenview.linalg import row_space


def projector_rank(W: Float[Tensor, "D d"], tolerance: float = 0.01) -> float:
    """How many singular values of W are at least `tolerance` times the largest: between 0 and min(D, d).

    High is a projector that keeps what it is given; low, far below D, is the collapse that strong augmentations are
    said to cause. A matrix of zeros has rank 0. The paper never says what its threshold is; ours is relative to the
    largest singular value, so that W's scale does not matter, and 0.01 is our choice. `effective_rank(W)` counts the
    same without a threshold. Costs one SVD of W.

    Args:
        W: weight of the projector as torch keeps it, an output a row: z = h Wᵀ.
        tolerance: relative to the largest singular value; 0 counts all that are not zero but for rounding.

    Raises:
        ValueError: W is not finite or has no entries, or a tolerance not in [0, 1].

    Source: geometry, Eq. 2 (made relative).
    """
    return float(row_space(W, tolerance).rank)
