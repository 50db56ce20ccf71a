"""Who trains together.

Every objective is written for one rank's samples `z[K, P, D]` and gives, on every rank, the loss of all samples. A
rank's gradient is then `world_size()` times its share of that loss's, so that the mean that DDP takes over ranks is
exact.
"""

import torch
from torch import Tensor
from torch import distributed as dist


def world_size() -> int:
    """How many processes train together: those of torch's default group, or 1 where there is none."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def require_equal_shapes(x: Tensor) -> None:
    """Makes sure that a tensor has the same shape on all ranks; costs a few bytes of traffic, and nothing on one.

    Raises:
        ValueError: it has not; on every rank, so that none waits for another.
    """
    if world_size() == 1:
        return
    own = torch.tensor(x.shape, device=x.device)
    extremes = torch.cat([own, -own])
    dist.all_reduce(extremes, dist.ReduceOp.MAX)
    most, least = extremes[: x.ndim].tolist(), (-extremes[x.ndim :]).tolist()
    if most != least:
        raise ValueError(f"ranks must hold batches of one shape, not from {least} to {most}: drop what fills no batch")
