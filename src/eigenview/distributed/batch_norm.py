"""Batch norm of the rows of all ranks."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from eigenview.distributed.collectives import all_reduce_sum
from eigenview.distributed.world import world_size

_MOMENTUM = 0.1


class BatchNorm(nn.BatchNorm1d):
    """`nn.BatchNorm1d` whose mean and variance are those of the rows of all ranks, on any device.

    torch's own SyncBatchNorm is for GPUs alone. This one computes in the precision of its rows, whatever that of its
    weights, and gives NaN where a variance overflows: dividing by infinity would make all rows equal, unseen.

    Args:
        features: columns.
    """

    def __init__(self, features: int) -> None:
        super().__init__(features, momentum=_MOMENTUM)

    def forward(self, x: Float[Tensor, "N D"]) -> Float[Tensor, "N D"]:  # pyright: ignore[reportIncompatibleMethodOverride]
        mean, variance = self._of_the_batch(x) if self.training else self._running
        deviation = (variance + self.eps).sqrt()
        return (x - mean) * (self.weight / deviation.where(deviation.isfinite(), torch.nan)) + self.bias

    def _of_the_batch(self, x: Float[Tensor, "N D"]) -> tuple[Float[Tensor, "D"], Float[Tensor, "D"]]:
        """Mean and variance, which also move the running ones; ranks use them each for their own rows."""
        N = world_size() * len(x)
        mean = all_reduce_sum(x.sum(0)) / N
        variance = all_reduce_sum((x - mean).square().sum(0)) / N
        with torch.no_grad():
            for running, now in zip(self._running, (mean, variance * N / max(N - 1, 1)), strict=True):
                running.lerp_(now.to(running.dtype), _MOMENTUM)
        return mean, variance

    @property
    def _running(self) -> tuple[Float[Tensor, "D"], Float[Tensor, "D"]]:
        assert self.running_mean is not None
        assert self.running_var is not None
        return self.running_mean, self.running_var
