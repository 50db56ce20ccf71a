"""Blocks of a large matrix in float64, so that it is never in memory as a whole."""

from collections.abc import Iterator

import torch
from jaxtyping import Float, Float64
from torch import Tensor

_BYTES = 64 * 2**20


def row_blocks(x: Float[Tensor, "N D"], what: str = "features") -> Iterator[Float64[Tensor, "n D"]]:
    """Yields the rows of a matrix in float64, in blocks of 64 MiB.

    A memory-mapped matrix is thus never in memory as a whole. Each block is a copy that the caller may write to.

    Args:
        x: of any floating dtype.
        what: name of x in an error.

    Raises:
        ValueError: a row is not finite or has no dimensions, or x is not a matrix.
    """
    if x.ndim != 2 or not x.shape[1]:
        raise ValueError(f"{what} must be [N, D] with at least one dimension, not {[*x.shape]}")
    rows = max(1, _BYTES // (8 * x.shape[1]))
    for start in range(0, len(x), rows):
        block = x[start : start + rows].detach().to(torch.float64, copy=True)
        finite = torch.isfinite(block).all(1)
        if not finite.all():
            first = start + int((~finite).int().argmax())
            raise ValueError(f"{what} of {x.shape[0]} × {x.shape[1]} are not finite, the first in row {first}")
        yield block


def view_blocks(z: Float[Tensor, "K P D"], what: str = "features") -> Iterator[Float64[Tensor, "K p D"]]:
    """Yields all views of consecutive samples in float64, in blocks of 64 MiB.

    Each block is a copy that the caller may write to.

    Args:
        z: of any floating dtype.
        what: name of z in an error.

    Raises:
        ValueError: a view is not finite or has no dimensions, or z is not three-dimensional.
    """
    if z.ndim != 3 or not z.shape[2]:
        raise ValueError(f"{what} must be [K, P, D] with at least one dimension, not {[*z.shape]}")
    K, P, D = z.shape
    samples = max(1, _BYTES // (8 * max(1, K) * D))
    for start in range(0, P, samples):
        block = z[:, start : start + samples].detach().to(torch.float64, copy=True)
        finite = torch.isfinite(block).all(2).all(0)
        if not finite.all():
            first = start + int((~finite).int().argmax())
            raise ValueError(f"{what} of {K} × {P} × {D} are not finite, the first in sample {first}")
        yield block
