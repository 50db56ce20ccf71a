"""What a matrix sees of its inputs, and what it does not."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor


@dataclass(frozen=True)
class RowSpace:
    """The span of the rows of a matrix, or of each of a batch.

    Args:
        basis: orthonormal rows, then rows of zeros where the matrix has a smaller rank than M = min(D, d).
        rank: how many rows of the basis are not zero.
    """

    basis: Float64[Tensor, "*batch M d"]
    rank: Int64[Tensor, "*batch"]

    def outside(self, x: Float64[Tensor, "*rows d"]) -> Float64[Tensor, "*each d"]:
        """The part of each row of x that is orthogonal to the row space, so in the kernel of the matrix.

        Raises:
            ValueError: rows of another dimension than the matrix takes.
        """
        if x.shape[-1] != self.basis.shape[-1]:
            raise ValueError(f"a matrix that takes {self.basis.shape[-1]} dimensions sees nothing of {x.shape[-1]}")
        return x - x @ self.basis.mT @ self.basis


def row_space(W: Float[Tensor, "*batch D d"], tolerance: float) -> RowSpace:
    """The span of the rows of W, from right singular vectors whose singular value is at least tolerance · σ₁.

    Args:
        W: of any floating dtype; the decomposition is in float64.
        tolerance: relative to the largest singular value. Below what rounding leaves of a zero in W's own precision
            (max(D, d) times its epsilon, of float32 at the coarsest) it counts as that.

    Raises:
        ValueError: W is not finite or has no entries, or a tolerance not in [0, 1].
    """
    if not 0 <= tolerance <= 1:
        raise ValueError(f"a tolerance relative to the largest singular value is in [0, 1], not {tolerance}")
    if not W.numel():
        raise ValueError(f"a {W.shape[-2]} × {W.shape[-1]} matrix has no rows to span anything")
    if not torch.isfinite(W).all():
        raise ValueError(f"a {W.shape[-2]} × {W.shape[-1]} matrix has entries that are not finite")
    rounding = max(W.shape[-2:]) * torch.finfo(torch.promote_types(W.dtype, torch.float32)).eps
    _, values, rows = torch.linalg.svd(W.detach().double(), full_matrices=False)
    kept = (values >= max(tolerance, rounding) * values[..., :1]) & (values > 0)
    return RowSpace(rows * kept.unsqueeze(-1), kept.sum(-1))
