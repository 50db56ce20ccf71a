"""Sums over ranks."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch import distributed as dist

from eigenview.distributed.world import world_size


def all_reduce_sum(x: Tensor, identical_use: bool = False) -> Tensor:
    """The sum of x over ranks.

    Args:
        x: of one shape on all ranks.
        used_alike: every rank makes the same use of the sum, so that each already knows its gradient: the sum of the
            ranks' equal gradients is `world_size()` times one's own, and costs no traffic. Else they are summed, too.
    """
    return _Total.apply(x, identical_use) if world_size() > 1 else x


def mean_over_ranks(x: Tensor) -> Tensor:
    """The mean of x over ranks, used alike by all: of means over a rank's samples, the mean over all samples."""
    return all_reduce_sum(x, identical_use=True) / world_size()


def all_reduce_sum_symmetric(x: Float[Tensor, "*batch D D"]) -> Float[Tensor, "*batch D D"]:
    """The sum of symmetric matrices over ranks, used alike by all; only their upper halves travel.

    Args:
        x: symmetric; its lower half is not looked at.
    """
    if world_size() == 1:
        return x
    D = x.shape[-1]
    row, column = torch.triu_indices(D, D, device=x.device)
    half = all_reduce_sum(x[..., row, column], identical_use=True)
    place = torch.empty(D, D, dtype=torch.long, device=x.device)
    place[row, column] = place[column, row] = torch.arange(len(row), device=x.device)
    return half[..., place]


class _Total(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, identical_use: bool) -> Tensor:
        ctx.identical_use = identical_use
        x = x.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(x)
        return x

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (gradient,) = gradients
        return (world_size() * gradient if ctx.identical_use else _Total.apply(gradient, False)), None
