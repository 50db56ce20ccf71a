"""Row space of a matrix, and the part of its inputs in its null space."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor


@dataclass(frozen=True)
class RowSpace:
    """The span of the rows of a matrix, or of each of a batch.

    Args:
        basis: orthonormal rows, then rows of zeros where the matrix rank is below M = min(D, d).
        rank: matrix rank, the number of nonzero rows of the basis.
    """

    basis: Float64[Tensor, "*batch M d"]
    rank: Int64[Tensor, "*batch"]

    def outside(self, x: Float64[Tensor, "*rows d"]) -> Float64[Tensor, "*each d"]:
        """The component of each row of x orthogonal to the row space, that is, in the null space of the matrix.

        Raises:
            ValueError: the dimension of the rows differs from the matrix's number of columns.
        """
        if x.shape[-1] != self.basis.shape[-1]:
            raise ValueError(f"rows have {x.shape[-1]} dimensions, but the matrix has {self.basis.shape[-1]} columns")
        return x - x @ self.basis.mT @ self.basis


def row_space(W: Float[Tensor, "*batch D d"], tolerance: float) -> RowSpace:
    """The span of the rows of W: right singular vectors whose singular value is at least tolerance · σ₁.

    Args:
        W: of any floating dtype; the decomposition is in float64.
        tolerance: relative to the largest singular value σ₁; at least the rounding error of a zero in W's own precision
            (max(D, d) times its machine epsilon, that of float32 at the coarsest).

    Raises:
        ValueError: W is not finite or has no entries, or tolerance is not in [0, 1].
    """
    if not 0 <= tolerance <= 1:
        raise ValueError(f"tolerance, relative to the largest singular value, must be in [0, 1], not {tolerance}")
    if not W.numel():
        raise ValueError(f"a {W.shape[-2]} × {W.shape[-1]} matrix has no row space")
    if not torch.isfinite(W).all():
        raise ValueError(f"a {W.shape[-2]} × {W.shape[-1]} matrix has entries that are not finite")
    rounding = max(W.shape[-2:]) * torch.finfo(torch.promote_types(W.dtype, torch.float32)).eps
    _, values, rows = torch.linalg.svd(W.detach().double(), full_matrices=False)
    kept = (values >= max(tolerance, rounding) * values[..., :1]) & (values > 0)
    return RowSpace(rows * kept.unsqueeze(-1), kept.sum(-1))
