"""Large matrices, some rows at a time."""

from collections.abc import Iterator

import torch
from jaxtyping import Float, Float64
from torch import Tensor

_BYTES = 64 * 2**20


def row_blocks(x: Float[Tensor, "N D"], what: str = "features") -> Iterator[Float64[Tensor, "n D"]]:
    """The rows of a matrix in float64, as many at a time as take 64 MiB.

    A matrix that is mapped from a file is thus never whole in memory. Each block is a copy, which may be written into.

    Args:
        x: of any floating dtype.
        what: what to call it in an error.

    Raises:
        ValueError: a row is not finite, or has no dimensions; x is no matrix.
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
    """All views of some samples in float64, of as many samples at a time as take 64 MiB.

    Each block is a copy, which may be written into.

    Args:
        z: of any floating dtype.
        what: what to call it in an error.

    Raises:
        ValueError: a view is not finite, or has no dimensions; z is not three-dimensional.
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
