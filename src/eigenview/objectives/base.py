"""The contract of every objective."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import inf
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from eigenview._errors import UsageError
from eigenview.distributed import require_equal_shapes, world_size
from eigenview.objectives.loss_theory import LossTheory, NotCovered


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


@dataclass(frozen=True)
class Caution:
    """What an objective warns of before the first step.

    Args:
        name: what is wrong, in a few words.
        evidence: the numbers, and the reference they are compared with.
        advice: what to change.
    """

    name: str
    evidence: str
    advice: str


class Objective(nn.Module, ABC):
    """What training minimises: a sum of named terms of the embeddings `z[K, P, D]`.

    Subclasses write `terms` and `reference`; called, an objective hands its embeddings to `terms` checked, in float32
    or better, outside autocast. Call it, or `checked_terms`, never `terms` itself.

    What else is special about an objective it says itself, by hooks with defaults, so that nobody asks for its class:
    `takes_teacher`, `takes_towers`, `min_temperature`, `constrain`, `logged`, `cautions` and `theory`.

    Where several ranks train together, z holds a rank's own P samples, and the loss is that of all ranks' samples, the
    same number on each; its gradients are exact once averaged over ranks, as DDP does (see `distributed`).
    """

    views_needed: ClassVar[int] = 2
    samples_needed: ClassVar[int] = 2
    takes_teacher: ClassVar[bool] = False
    """Whether it compares embeddings with a teacher's: `objective(z, target)`."""

    @abstractmethod
    def terms(self, z: Float[Tensor, "K P D"]) -> dict[str, Float[Tensor, ""]]:
        """The loss by its named, signed, weighted terms."""

    @abstractmethod
    def reference(self, K: int, P: int, D: int) -> Reference:
        """The loss at collapse, at perfect alignment with uniform embeddings, and its bound; P counts all ranks'."""

    def forward(self, z: Float[Tensor, "K P D"], target: Float[Tensor, "K P D"] | None = None) -> Float[Tensor, ""]:
        """The loss: the sum of its terms."""
        return torch.stack(list(self.checked_terms(z, target).values())).sum()

    def checked_terms(
        self, z: Float[Tensor, "K P D"], target: Float[Tensor, "K P D"] | None = None
    ) -> dict[str, Float[Tensor, ""]]:
        """`terms`, of embeddings that were checked and brought to float32 or better.

        Args:
            z: embeddings, views first.
            target: a teacher's embeddings of the same views, for an objective that compares with one; no gradient
                reaches them.

        Raises:
            ValueError: z does not have three axes, or another shape on another rank; a target of another shape, or for
                an objective that does not compare with a teacher.
            UsageError: too few views or samples.
        """
        if z.ndim != 3:
            raise ValueError(f"embeddings must be z[K, P, D], views first, not of shape {list(z.shape)}")
        require_equal_shapes(z)
        self.check_shape(z.shape[0], world_size() * z.shape[1])
        with torch.autocast(z.device.type, enabled=False):
            return self._terms(_float32_or_better(z), target)

    def _terms(self, z: Float[Tensor, "K P D"], target: Float[Tensor, "K P D"] | None) -> dict[str, Float[Tensor, ""]]:
        if target is not None:
            raise ValueError(f"{type(self).__name__} does not use a teacher: omit the target")
        return self.terms(z)

    @property
    def min_temperature(self) -> float | None:
        """The lowest temperature that it may learn; None where it learns none."""
        return None

    @property
    def takes_towers(self) -> bool:
        """Whether embeddings may come from two nets, of images and of texts: not if it takes a teacher or constrains.

        A teacher is that of one net, and `constrain` is given one projector.
        """
        return not self.takes_teacher and type(self).constrain is Objective.constrain

    def constrain(self, projector: nn.Module) -> None:
        """Constrains a projector's weights before training; by default it leaves them free."""

    def logged(self) -> dict[str, float]:
        """What to log at each measurement besides the terms, such as a learned `temperature`; by default nothing."""
        return {}

    def cautions(self, K: int, P: int, D: int) -> list[Caution]:
        """What to warn of before the first step; by default nothing.

        Args:
            K: views of each sample.
            P: samples in a batch.
            D: dimensions of the embeddings.
        """
        return []

    def theory(self, K: int, P: int, D: int) -> LossTheory | NotCovered:
        """Which closed-form theory describes the loss; by default none does.

        Args:
            K: views of each sample.
            P: samples in a batch.
            D: dimensions of the embeddings.

        Raises:
            UsageError: too few views or samples.
        """
        return NotCovered(f"no closed-form theory describes {type(self).__name__}")

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


class TeacherObjective(Objective):
    """An objective that compares embeddings with a teacher's; without a teacher, with themselves, detached."""

    takes_teacher = True

    @abstractmethod
    def terms_against(self, z: Float[Tensor, "K P D"], target: Float[Tensor, "K P D"]) -> dict[str, Float[Tensor, ""]]:
        """The loss by its named, signed, weighted terms, from embeddings and the teacher's; the latter are detached."""

    def terms(self, z: Float[Tensor, "K P D"]) -> dict[str, Float[Tensor, ""]]:
        """`terms_against` the embeddings themselves, detached."""
        return self.terms_against(z, z.detach())

    def _terms(self, z: Float[Tensor, "K P D"], target: Float[Tensor, "K P D"] | None) -> dict[str, Float[Tensor, ""]]:
        if target is None:
            return self.terms(z)
        if target.shape != z.shape:
            raise ValueError(f"a target must have the shape of z, {list(z.shape)}, not {list(target.shape)}")
        return self.terms_against(z, _float32_or_better(target.detach()))


def _float32_or_better(x: Tensor) -> Tensor:
    return x if x.dtype == torch.float64 else x.float()


def weight(name: str, value: float) -> float:
    """Returns the weight of a term after checking it.

    Raises:
        UsageError: a weight that is negative or not finite: the loss would have no bound.
    """
    if not 0 <= value < inf:
        raise UsageError(f"{name} must be a finite weight, 0 or more, not {value}")
    return value
