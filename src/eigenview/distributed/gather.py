"""What all ranks hold, on each of them."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch import distributed as dist

from eigenview.distributed.world import world_size


def all_gather(x: Float[Tensor, "P *rest"]) -> Float[Tensor, "P_all *rest"]:
    """The rows of all ranks, in the order of ranks.

    Ranks may make different uses of them: backward, each gets the sum of all ranks' gradients of its own rows.

    Args:
        x: of one shape on all ranks.
    """
    return _Gather.apply(x) if world_size() > 1 else x


class _Gather(torch.autograd.Function):
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
