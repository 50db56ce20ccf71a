"""Batch norm whose statistics are those of the rows of all processes."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from eigenview.distributed.collectives import all_reduce_sum, world_size

_MOMENTUM = 0.1


class SyncBatchNorm(nn.BatchNorm1d):
    """`nn.BatchNorm1d` with the mean and variance of the rows of all processes, on any device.

    torch's own `SyncBatchNorm` runs on GPUs only. This one computes in the precision of its rows, whatever that of its
    weights, and gives NaN where a variance overflows: dividing by infinity would silently make all rows equal.

    Args:
        features: number of columns.
    """

    def __init__(self, features: int) -> None:
        super().__init__(features, momentum=_MOMENTUM)

    def forward(self, x: Float[Tensor, "N D"]) -> Float[Tensor, "N D"]:  # pyright: ignore[reportIncompatibleMethodOverride]
        mean, variance = self._batch_statistics(x) if self.training else self._running
        deviation = (variance + self.eps).sqrt()
        return (x - mean) * (self.weight / deviation.where(deviation.isfinite(), torch.nan)) + self.bias

    def _batch_statistics(self, x: Float[Tensor, "N D"]) -> tuple[Float[Tensor, "D"], Float[Tensor, "D"]]:
        """Mean and variance of the batch, which also update the running ones; processes use them for their own rows."""
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
