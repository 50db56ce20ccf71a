"""The world size, and the few collectives that keep losses and gradients exact across processes.

Every objective is written for one process's samples `z[K, P, D]` and gives, on every process, the loss of all samples.
A process's gradient is then `world_size()` times its share of that loss's gradient, so that the mean that DDP takes
over processes is exact.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch import distributed as dist


def world_size() -> int:
    """The number of processes that train together: those of torch's default group, or 1 without one."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def require_equal_shapes(x: Tensor) -> None:
    """Checks that a tensor has the same shape on all processes; costs a few bytes of traffic, and nothing on one.

    Raises:
        ValueError: shapes differ. Every process raises it, so that none waits for another.
    """
    if world_size() == 1:
        return
    own = torch.tensor(x.shape, device=x.device)
    extremes = torch.cat([own, -own])
    dist.all_reduce(extremes, dist.ReduceOp.MAX)
    most, least = extremes[: x.ndim].tolist(), (-extremes[x.ndim :]).tolist()
    if most != least:
        raise ValueError(
            f"batches must have the same shape on every process, but range from {least} to {most}: "
            "drop the last, incomplete batch"
        )


def all_gather(x: Float[Tensor, "P *rest"]) -> Float[Tensor, "P_all *rest"]:
    """The rows of all processes, in the order of processes.

    Processes may use them differently: in the backward pass each process receives the sum, over all processes, of the
    gradients of its own rows.

    Args:
        x: of the same shape on all processes.
    """
    return _AllGather.apply(x) if world_size() > 1 else x


def all_reduce_sum(x: Tensor, identical_use: bool = False) -> Tensor:
    """The sum of x over processes.

    Args:
        x: of the same shape on all processes.
        identical_use: whether every process uses the sum in the same way. The gradients of all processes are then
            equal, and their sum is `world_size()` times each: the backward pass costs no traffic. Otherwise the
            gradients are summed over processes as well.
    """
    return _AllReduceSum.apply(x, identical_use) if world_size() > 1 else x


def mean_over_ranks(x: Tensor) -> Tensor:
    """The mean of x over processes, for identical use: of means over each process's samples, that over all samples."""
    return all_reduce_sum(x, identical_use=True) / world_size()


def all_reduce_sum_symmetric(x: Float[Tensor, "*batch D D"]) -> Float[Tensor, "*batch D D"]:
    """The sum of symmetric matrices over processes, for identical use; only their upper halves travel.

    Args:
        x: symmetric; its lower half is not read.
    """
    if world_size() == 1:
        return x
    D = x.shape[-1]
    row, column = torch.triu_indices(D, D, device=x.device)
    half = all_reduce_sum(x[..., row, column], identical_use=True)
    position = torch.empty(D, D, dtype=torch.long, device=x.device)
    position[row, column] = position[column, row] = torch.arange(len(row), device=x.device)
    return half[..., position]


class _AllGather(torch.autograd.Function):
    # Lists of tensors, because the calls for single ones change their names between the versions of torch we allow.
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        parts = [torch.empty_like(x, memory_format=torch.contiguous_format) for _ in range(world_size())]
        dist.all_gather(parts, x.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        parts = [part.contiguous() for part in gradients[0].chunk(world_size())]
        own = torch.empty_like(parts[0])
        dist.reduce_scatter(own, parts)
        return own


class _AllReduceSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, identical_use: bool) -> Tensor:
        ctx.identical_use = identical_use
        x = x.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(x)
        return x

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (gradient,) = gradients
        return (world_size() * gradient if ctx.identical_use else _AllReduceSum.apply(gradient, False)), None
