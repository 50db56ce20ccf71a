"""The solved landscape of a loss: which directions survive, with which variance, and what decides it.

Theory is of one linear layer W on features that are centred and, in size, as batch norm would leave them.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float64

from eigenview.predict.covariances import Covariances
from eigenview.theory.landscape import StationaryPoint

_POINTS = 41


@dataclass(frozen=True)
class TunableParameter:
    """The setting of a training that decides how many directions survive.

    Args:
        name: in words.
        option: as the command line takes it, before its value.
        value: its present value.
        values: others to compare with, rising.
        logarithmic: whether these are evenly spaced in their logarithm.
    """

    name: str
    option: str
    value: float
    values: tuple[float, ...]
    logarithmic: bool = True

    @staticmethod
    def on_log_scale(name: str, option: str, value: float, least: float, most: float) -> "TunableParameter":
        """A parameter with values on a logarithmic scale, from `least` to `most` or wider, that surrounds its own."""
        if value > 0:
            least, most = min(least, value / 2), max(most, 2 * value)
        # Two digits, so that a value can be recognised and typed.
        values = dict.fromkeys(float(f"{value:.2g}") for value in np.geomspace(least, most, _POINTS))
        return TunableParameter(name, option, value, tuple(values))


@dataclass(frozen=True)
class Landscape(ABC):
    """The loss of a linear layer, solved.

    Args:
        decay: γ of the term γ‖W‖² in the loss; None where weight decay is not a term of it (see `loss_decay`).
    """

    fixed_length: ClassVar[bool] = False
    """Whether embeddings are normalised: then weight decay changes a scale alone, and W = 0 is not in the landscape."""
    shape_decides: ClassVar[bool] = False
    """Whether no direction ever collapses, so that only P and D decide how near the loss comes to its bound."""

    decay: float | None

    @property
    def gamma(self) -> float:
        """γ, which is 0 where weight decay is not a term of the loss."""
        return self.decay or 0.0

    @property
    @abstractmethod
    def assumptions(self) -> str:
        """What is solved, and under which assumptions, in a clause."""

    @property
    def parameter(self) -> TunableParameter | None:
        """What to change, where changing something changes which directions survive: by default weight decay."""
        if self.decay is None:
            return None
        return TunableParameter.on_log_scale("weight decay", "--weight-decay ", 2 * self.decay, 1e-6, 1.0)

    @abstractmethod
    def survivors(self, found: Covariances) -> int:
        """The number of directions that survive if W has room for all."""

    @abstractmethod
    def survivors_over(self, found: Covariances, values: Sequence[float]) -> list[int]:
        """The same at each value of `parameter`."""

    @abstractmethod
    def minimum(self, found: Covariances, D: int) -> StationaryPoint | None:
        """The layer with D outputs at which the loss is least; None where theory does not say."""

    @abstractmethod
    def origin(self, found: Covariances) -> Float64[np.ndarray, "d d"] | None:
        """B, with L(W) = L(0) − Tr WBWᵀ + O(W⁴), decay included; None where embeddings have a fixed length."""

    def critical_strengths(self, found: Covariances) -> Float[np.ndarray, "m"] | None:
        """The multiple of C at which each mode collapses, largest first; None where none does, or it is unknown."""
        return None
