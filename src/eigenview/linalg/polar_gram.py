"""Polar factors by float32 Gram matrices, where these are good enough."""

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.linalg.polar import polar_factor

# A direction is blurred where rounding may turn it by more than this: so little, because the smallest direction of all
# gets some of every turn.
_BLURRED = 2e-4
# At most this share of blurred directions is worth treating apart, and down to this share of the root mean square.
_FEW, _LEAST = 1 / 8, 1e-4
# What the relative error of the sum of singular values may be.
_SUM = 5e-6


def polar_factor_by_gram(x: Float[Tensor, "*batch N D"]) -> Float[Tensor, "*batch N D"]:
    """The polar factor of each matrix from its smaller Gram matrix, in float32, or float64 where a spectrum needs it.

    A square matrix has a few directions that are too small for float32: those are found again in float64, on their own.

    Args:
        x: finite float32 matrices.
    """
    wide = x.shape[-2] < x.shape[-1]
    gram = _smaller_gram(x)
    largest = gram.diagonal(dim1=-2, dim2=-1).amax(-1)
    if not ((largest > 1e-12) & (largest < 1e12)).all():
        # By a power of two, which rounds nothing, so that squares stay within range.
        x = torch.ldexp(x, -torch.frexp(x.abs().amax((-2, -1), keepdim=True)).exponent)
        gram = _smaller_gram(x)
    squares, V = torch.linalg.eigh(gram)
    turns = _turns(squares)
    blurred = ~(turns < _BLURRED)
    root = (V * squares.rsqrt().masked_fill(blurred, 0)[..., None, :]) @ V.mT
    polar = root @ x if wide else x @ root
    good = ~blurred.any(-1)
    if x.ndim == 2 and 0 < (few := int(blurred.sum())) <= _FEW * len(squares):
        # Eigenvalues ascend, so these are the first.
        rest, least = _apart(x.mT if wide else x, V[:, :few])
        polar, good = polar + (rest.mT if wide else rest), least > _LEAST * squares.mean().sqrt()
    values = squares.clamp_min(0).sqrt()
    good = good & ((values * turns.clamp_max(_BLURRED)).sum(-1) < _SUM * values.sum(-1))
    if not good.all():
        polar[~good] = polar_factor(x[~good].double()).float()
    return polar


def _smaller_gram(x: Tensor) -> Tensor:
    return x @ x.mT if x.shape[-2] < x.shape[-1] else x.mT @ x


def _turns(squares: Tensor) -> Tensor:
    """By how much, in radians, rounding may turn each direction.

    Entries of a Gram matrix are rounded by about ε times its mean eigenvalue; eigenvalues besides by a fraction of ε
    times the largest.
    """
    rounding = torch.finfo(squares.dtype).eps
    return rounding * (2 * squares.mean(-1, keepdim=True) + 0.05 * squares[..., -1:]) / (2 * squares.clamp_min(0))


def _apart(x: Tensor, V: Tensor) -> tuple[Tensor, Tensor]:
    """The polar factor of x on the span of V's columns, and the least singular value there."""
    V = V.double()
    left, values, right = torch.linalg.svd(x.double() @ V, full_matrices=False)
    return (left @ (right @ V.mT)).float(), values[-1]
