"""Singular values of matrices of any size, streamed where the matrix is large."""

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from eigenview.linalg.chunking import row_blocks
from eigenview.linalg.covariance import moments

_DIRECT = 2**20


def singular_values(x: Float[Tensor, "N D"], centered: bool = False) -> Float[Tensor, "M"]:
    """Singular values of a matrix, largest first; M = min(N, D).

    A matrix of more than 2²⁰ entries is streamed: its singular values are square roots of the eigenvalues of the
    float64 Gram matrix of its smaller side. Values below about 1e-8 of the largest are then rounding errors, as they
    are anyway for float32 entries.

    Args:
        x: of any floating dtype; computed in float32 or better, streamed in float64.
        centered: whether to subtract the mean row from every row first; equal rows give exactly zero.

    Raises:
        ValueError: x is not finite. `torch.linalg.svdvals` returns finite numbers for a matrix that contains NaN.
    """
    if should_stream(x):
        return singular_values_of_gram(smaller_gram(x, centered))
    if not torch.isfinite(x).all():
        raise ValueError(f"a {x.shape[0]}×{x.shape[1]} matrix has entries that are not finite")
    with torch.autocast(x.device.type, enabled=False):
        x = x if x.dtype == torch.float64 else x.float()
        if centered:
            x = x - x[0]
            x = x - x.mean(0)
        return torch.linalg.svdvals(x)


def should_stream(x: Float[Tensor, "N D"]) -> bool:
    """Whether the matrix is large enough to be replaced by its Gram matrix; never on a device without float64."""
    return x.numel() > _DIRECT and x.device.type != "mps"


def singular_values_of_gram(gram: Float64[Tensor, "M M"]) -> Float64[Tensor, "M"]:
    """Singular values, largest first, of any X with this XᵀX or XXᵀ, accurate to about 1e-8 of the largest."""
    return torch.linalg.eigvalsh(gram).flip(0).clamp_min(0).sqrt()


def smaller_gram(x: Float[Tensor, "N D"], centered: bool = False) -> Float64[Tensor, "M M"]:
    """XᵀX, or XXᵀ where there are fewer rows than columns; streamed, in 128 MiB above itself.

    Args:
        x: at least one row, of any floating dtype.
        centered: whether to subtract the mean row from every row first.

    Raises:
        ValueError: x is not finite, or empty.
    """
    N, D = x.shape
    if N >= D:
        found = moments(x)
        return found.scatter if centered else found.gram
    gram = x.new_zeros(N, N, dtype=torch.float64)
    for columns in row_blocks(x.mT, "transposed features"):
        if centered:
            columns -= columns[:, :1].clone()
            columns -= columns.mean(1, keepdim=True)
        gram.addmm_(columns.mT, columns)
    return gram
