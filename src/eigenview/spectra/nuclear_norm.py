"""The nuclear norm, with a gradient that stays exact and finite."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

# Below this share of the largest singular value a float64 Gram matrix, which squares them, leaves too few digits.
_RESOLVED_BY_GRAM = 1e-5


def nuclear_norm(x: Float[Tensor, "*batch N D"]) -> Float[Tensor, "*batch"]:
    """Sum of the singular values of each matrix.

    Its gradient is the polar factor UVᵀ over the directions that the matrix has; where singular values are zero, that
    is the subgradient of least norm, so a zero matrix, or one of equal rows, has a finite one. Once only.

    Args:
        x: matrices of any floating dtype, also under autocast. Value and gradient are computed in float64, since a
            collapsed batch has directions that float32 cannot tell from rounding, and given in float32 or better.
            A matrix that is not finite gives NaN.

    Raises:
        TypeError: on a device without float64, such as MPS.
    """
    with torch.autocast(x.device.type, enabled=False):
        return _NuclearNorm.apply(x if x.dtype == torch.float64 else x.float())


class _NuclearNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        finite = torch.isfinite(x).all(dim=(-2, -1), keepdim=True)
        matrix = torch.where(finite, x, 0.0).double()
        polar = torch.where(finite, _polar_factor(matrix), torch.nan)
        ctx.save_for_backward(polar.to(x.dtype))
        return (polar * matrix).sum((-2, -1)).to(x.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        (polar,) = ctx.saved_tensors
        return gradients[0][..., None, None] * polar


def _polar_factor(x: Tensor) -> Tensor:
    """UVᵀ from the eigenvectors of the smaller Gram matrix, or from an SVD where that squares too much away."""
    if x.shape[-2] > x.shape[-1]:
        return _polar_factor(x.mT).mT
    U = torch.linalg.eigh(x @ x.mT).eigenvectors
    # The lengths of these rows know small singular values to more digits than roots of eigenvalues do.
    rows = U.mT @ x
    lengths = torch.linalg.vector_norm(rows, dim=-1, keepdim=True)
    polar = U @ (rows / lengths)
    unresolved = lengths.amin((-2, -1)) <= _RESOLVED_BY_GRAM * lengths.amax((-2, -1))
    if unresolved.any():
        polar[unresolved] = _polar_factor_by_svd(x[unresolved])
    return polar


def _polar_factor_by_svd(x: Tensor) -> Tensor:
    U, S, Vh = torch.linalg.svd(x, full_matrices=False)
    rounding = max(x.shape[-2:]) * torch.finfo(x.dtype).eps * S[..., :1]
    return (U * (rounding < S)[..., None, :]) @ Vh
