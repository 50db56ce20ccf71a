"""Distances between all pairs of rows of large clouds."""

from collections.abc import Iterator

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from eigenview.linalg import row_blocks

_ROWS, _COLUMNS = 1024, 8192


def squared_distances(x: Float[Tensor, "N D"]) -> Iterator[tuple[slice, slice, Float64[Tensor, "n m"]]]:
    """Tiles of the matrix of squared distances: which rows, which columns, and the tile, no more than 64 MiB of it.

    In float64, of centred rows, so that an offset common to all costs no digits; a row is at 0 from itself.

    Args:
        x: of any floating dtype.

    Raises:
        ValueError: a row is not finite.
    """
    mean = torch.stack([block.sum(0) for block in row_blocks(x)]).sum(0) / len(x)
    for rows, left in _parts(x, mean, _ROWS):
        for columns, right in _parts(x, mean, _COLUMNS):
            tile = torch.addmm(right.square().sum(1), left, right.mT, alpha=-2)
            tile.add_(left.square().sum(1, keepdim=True)).clamp_(min=0)
            own_pairs(tile, rows, columns).zero_()
            yield rows, columns, tile


def own_pairs(tile: Float64[Tensor, "n m"], rows: slice, columns: slice) -> Float64[Tensor, "l"]:
    """The part of a tile that pairs rows with themselves, to be written to."""
    offset = rows.start - columns.start
    if -len(tile) < offset < tile.shape[1]:
        return tile.diagonal(offset)
    return tile.new_empty(0)


def nearest_distances(x: Float[Tensor, "N D"], k: int) -> Float64[Tensor, "N k"]:
    """Distances of each row to the k nearest others, nearest first; to a duplicate exactly 0.

    Neighbours are found by `squared_distances`; the distances to them are then those of differences.

    Args:
        x: more than k rows.
        k: neighbours.

    Raises:
        ValueError: a row is not finite, or there are too few.
    """
    if len(x) <= k:
        raise ValueError(f"distances to {k} neighbours need at least {k + 1} rows, not {len(x)}")
    near = torch.full((len(x), k), torch.inf, dtype=torch.float64, device=x.device)
    which = torch.zeros(len(x), k, dtype=torch.int64, device=x.device)
    for rows, columns, tile in squared_distances(x):
        own_pairs(tile, rows, columns).fill_(torch.inf)
        closest, place = tile.topk(min(k, tile.shape[1]), largest=False)
        both = torch.cat([near[rows], closest], 1)
        near[rows], chosen = both.topk(k, largest=False)
        which[rows] = torch.cat([which[rows], place + columns.start], 1).gather(1, chosen)
    step = max(1, 2**23 // (k * max(1, x.shape[1])))
    for start in range(0, len(x), step):
        rows = slice(start, start + step)
        others = x.detach()[which[rows].flatten()].double().unflatten(0, (-1, k))
        near[rows] = (others - x.detach()[rows, None].double()).norm(dim=2)
    return near.sort(1).values


def _parts(x: Tensor, mean: Tensor, most: int) -> Iterator[tuple[slice, Tensor]]:
    start = 0
    for block in row_blocks(x):
        for part in (block - mean).split(most):
            yield slice(start, start + len(part)), part
            start += len(part)
