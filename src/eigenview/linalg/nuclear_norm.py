"""The nuclear norm, with an exact and finite gradient."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.distributed import all_reduce_sum, world_size
from eigenview.linalg.double_backward import refuse_second_derivative
from eigenview.linalg.polar import polar_factor, polar_factor_by_gram, polar_factor_by_iteration


def nuclear_norm(x: Float[Tensor, "*batch N D"], across_ranks: bool = False) -> Float[Tensor, "*batch"]:
    """Sum of the singular values of each matrix.

    Its gradient is the polar factor UVᵀ over the directions with a nonzero singular value: the subgradient of least
    norm, which is finite also for a zero matrix or one of equal rows. It can be differentiated only once.

    The polar factor of a float32 matrix comes from its float32 Gram matrix on a CPU, and from float32 products on other
    devices. It comes from a float64 Gram matrix where the matrix is so collapsed that only float64 resolves its
    directions, or where processes share it.

    Args:
        x: matrices of any floating dtype, also under autocast. The result is in float32 or better. A matrix that is
            not finite gives NaN.
        across_ranks: x holds this process's rows; the norm is that of the rows of all processes, for identical use
            (see `eigenview.distributed`).
    """
    with torch.autocast(x.device.type, enabled=False):
        return _NuclearNorm.apply(x if x.dtype == torch.float64 else x.float(), across_ranks and world_size() > 1)


class _NuclearNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, across_ranks: bool) -> Tensor:
        finite = _finite(x, across_ranks)
        matrix = x if finite.all() else torch.where(finite, x, 0.0)
        if x.dtype == torch.float64 or across_ranks:
            matrix = matrix.double()
            polar = polar_factor(matrix, across_ranks)
        else:
            polar = (polar_factor_by_gram if x.device.type == "cpu" else polar_factor_by_iteration)(matrix)
        if not finite.all():
            polar = torch.where(finite, polar, torch.nan)
        ctx.save_for_backward((world_size() * polar if across_ranks else polar).to(x.dtype))
        norm = (polar * matrix).sum((-2, -1))
        return (all_reduce_sum(norm) if across_ranks else norm).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        refuse_second_derivative("the nuclear norm")
        (polar,) = ctx.saved_tensors
        return gradients[0][..., None, None] * polar, None


def _finite(x: Tensor, across_ranks: bool) -> Tensor:
    """Which matrices are finite, on all processes if they share them."""
    if across_ranks or not torch.isfinite(x.sum()):
        broken = (~torch.isfinite(x)).sum((-2, -1), keepdim=True)
        return (all_reduce_sum(broken) if across_ranks else broken) == 0
    return torch.ones_like(x[..., :1, :1], dtype=torch.bool)
