"""What every objective is."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import inf
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from eigenview._errors import UsageError


@dataclass(frozen=True)
class Reference:
    """Values of a loss that give it a scale.

    Args:
        collapsed: where all embeddings are the same.
        uniform: where a sample's views agree and samples are uniform; None where unknown.
        best: a bound from below; None where unknown.
    """

    collapsed: float
    uniform: float | None
    best: float | None

    def scale(self, loss: float) -> float | None:
        """A loss as a share of the way from complete collapse (0) to the bound (1)."""
        if self.best is None or self.best == self.collapsed:
            return None
        return (self.collapsed - loss) / (self.collapsed - self.best)


class Objective(nn.Module, ABC):
    """What training minimises: a sum of named terms of the embeddings `z[K, P, D]`.

    Subclasses write `terms` and `reference`; called, an objective hands its embeddings to `terms` checked, in float32
    or better, outside autocast. Call it, or `checked_terms`, never `terms` itself.
    """

    views_needed: ClassVar[int] = 2
    samples_needed: ClassVar[int] = 2

    @abstractmethod
    def terms(self, z: Float[Tensor, "K P D"]) -> dict[str, Float[Tensor, ""]]:
        """The loss by its named, signed, weighted terms."""

    @abstractmethod
    def reference(self, K: int, P: int, D: int) -> Reference:
        """The loss at collapse, at perfect alignment with uniform embeddings, and its bound."""

    def forward(self, z: Float[Tensor, "K P D"]) -> Float[Tensor, ""]:
        """The loss: the sum of its terms."""
        return torch.stack(list(self.checked_terms(z).values())).sum()

    def checked_terms(self, z: Float[Tensor, "K P D"]) -> dict[str, Float[Tensor, ""]]:
        """`terms`, of embeddings that were checked and brought to float32 or better.

        Raises:
            ValueError: z does not have three axes.
            UsageError: too few views or samples.
            RuntimeError: several processes train together, whose batches are not joined yet.
        """
        if (
            torch.distributed.is_available()
            and torch.distributed.is_initialized()
            and torch.distributed.get_world_size() > 1
        ):
            raise RuntimeError("objectives do not join the batches of several processes yet: train in one process")
        if z.ndim != 3:
            raise ValueError(f"embeddings must be z[K, P, D], views first, not of shape {list(z.shape)}")
        self.check_shape(z.shape[0], z.shape[1])
        with torch.autocast(z.device.type, enabled=False):
            return self.terms(z if z.dtype == torch.float64 else z.float())

    def check_shape(self, K: int, P: int) -> None:
        """Makes sure that there are enough views and samples.

        Raises:
            UsageError: there are not.
        """
        name, views, samples = type(self).__name__, self.views_needed, self.samples_needed
        if views > K:
            raise UsageError(f"{name} needs at least {views} views, not K = {K}")
        if samples > P:
            raise UsageError(f"{name} needs at least {samples} samples, not P = {P}")


def weight(name: str, value: float) -> float:
    """The weight of a term, once it is known to be one.

    Raises:
        UsageError: a weight that is negative or not finite: the loss would have no bound.
    """
    if not 0 <= value < inf:
        raise UsageError(f"{name} must be a finite weight, 0 or more, not {value}")
    return value
