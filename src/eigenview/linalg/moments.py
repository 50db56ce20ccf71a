"""First and second moments of large clouds."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from eigenview.linalg.chunking import row_blocks


@dataclass(frozen=True)
class Moments:
    """What a pass over the rows leaves.

    Args:
        N: rows.
        mean: of the rows.
        gram: XᵀX of the uncentred rows.
        scatter: XᵀX of the centred rows.
    """

    N: int
    mean: Float64[Tensor, "D"]
    gram: Float64[Tensor, "D D"]
    scatter: Float64[Tensor, "D D"]


def moments(x: Float[Tensor, "N D"], what: str = "features") -> Moments:
    """Mean, Gram matrix and scatter of the rows in float64, in two passes that take 128 MiB above two D × D matrices.

    Equal rows have a scatter of exactly zero.

    Args:
        x: at least one row.
        what: what to call x in an error.

    Raises:
        ValueError: a row is not finite, or there is none.
    """
    if not x.numel():
        raise ValueError(f"{what} of {x.shape[0]} × {x.shape[1]} are empty")
    origin = x[0].detach().double()
    mean = origin + torch.stack([block.sub_(origin).sum(0) for block in row_blocks(x, what)]).sum(0) / len(x)
    scatter = x.new_zeros(x.shape[1], x.shape[1], dtype=torch.float64)
    for block in row_blocks(x, what):
        block -= mean
        scatter.addmm_(block.mT, block)
    return Moments(len(x), mean, scatter + len(x) * torch.outer(mean, mean), scatter)
