"""Polar factors by float32 products, for devices that are fast at nothing else."""

import contextlib
from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.linalg.polar import polar_factor

# Odd quintic polynomials ax + bx³ + cx⁵ that bring singular values to 1. The first is for values in [0, 1], the second
# maps [0, 2] into itself and multiplies small values by four, the others finish. Source: Polar Express, Amsel et al.
# 2025, Alg. 1 (for a least singular value of 1e-3).
_FIRST = (8.28721201814563, -23.595886519098837, 17.300387312530933)
_GROW = (4.107059111542203, -2.9478499167379106, 0.5448431082926601)
_FINISH = (
    (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
    (3.3184196573706015, -2.488488024314874, 0.51004894012372),
    (2.300652019954817, -1.6689039845747493, 0.4188073119525673),
    (1.891301407787398, -1.2679958271945868, 0.37680408948524835),
    (1.875, -1.25, 0.375),
    (1.875, -1.25, 0.375),
)
_GROWTHS = 5
_ORTHONORMAL = 0.1


def polar_factor_by_products(x: Float[Tensor, "*batch N D"]) -> Float[Tensor, "*batch N D"]:
    """The polar factor of each matrix by 12 quintic iterations, or in float64 where these leave directions out.

    They bring singular values from about 1e-5 of the largest to 1. A collapsed batch has smaller ones, which float32
    cannot tell from rounding, nor can an SVD in it.

    Args:
        x: finite float32 matrices. Products are taken in full float32, not in TF32.
    """
    polar = _by_products(x) if x.shape[-2] <= x.shape[-1] else _by_products(x.mT).mT
    short = polar if x.shape[-2] <= x.shape[-1] else polar.mT
    missing = short @ short.mT - torch.eye(short.shape[-2], device=x.device)
    unresolved = torch.linalg.matrix_norm(missing) > _ORTHONORMAL
    if unresolved.any():
        polar = polar.clone()
        polar[unresolved] = polar_factor(x[unresolved].double()).float()
    return polar


def _by_products(x: Tensor) -> Tensor:
    largest = x.abs().amax((-2, -1), keepdim=True)
    x = x / torch.where(largest > 0, largest, 1.0)
    # The Frobenius norm bounds the largest singular value; a hundredth above it leaves room for rounding.
    length = 1.01 * torch.linalg.matrix_norm(x, keepdim=True)
    x = x / torch.where(length > 0, length, 1.0)
    with _full_float32():
        for a, b, c in (_FIRST, *[_GROW] * _GROWTHS, *_FINISH):
            gram = x @ x.mT
            x = a * x + (b * gram + c * gram @ gram) @ x
    return x


@contextlib.contextmanager
def _full_float32() -> Iterator[None]:
    """Without TF32, whatever the user has chosen for everything else."""
    matmul = torch.backends.cuda.matmul
    chosen = matmul.fp32_precision
    matmul.fp32_precision = "ieee"
    try:
        yield
    finally:
        matmul.fp32_precision = chosen
