"""The nuclear norm, with a gradient that stays finite."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable


def nuclear_norm(x: Float[Tensor, "*batch N D"]) -> Float[Tensor, "*batch"]:
    """Sum of the singular values of each matrix.

    Its gradient is the polar factor UVᵀ over the directions that the matrix has; where singular values are zero, that is
    the subgradient of least norm, so a collapsed or zero matrix has a finite one.

    Args:
        x: matrices of any floating dtype. Value and gradient are computed in float64, since a collapsed batch has
            directions that float32 cannot tell from rounding, and are given in float32 or better. What is not finite
            gives NaN.
    """
    with torch.autocast(x.device.type, enabled=False):
        return _NuclearNorm.apply(x if x.dtype == torch.float64 else x.float())  # pyright: ignore[reportReturnType]


class _NuclearNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        finite = torch.isfinite(x).all(dim=(-2, -1), keepdim=True)
        U, S, Vh = torch.linalg.svd(torch.where(finite, x, 0.0).double(), full_matrices=False)
        rounding = max(x.shape[-2:]) * torch.finfo(torch.float64).eps * S[..., :1]
        polar = (U * (S > rounding)[..., None, :]) @ Vh
        ctx.save_for_backward(torch.where(finite, polar, torch.nan).to(x.dtype))
        return torch.where(finite[..., 0, 0], S.sum(-1), torch.nan).to(x.dtype)

    # Differentiated again, the saved factor would count as a constant: an error is better than that.
    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (polar,) = ctx.saved_tensors
        return gradients[0][..., None, None] * polar
