"""From an objective, as it is trained, to what theory says of it: which directions survive, with which variance.

Theory is of one linear layer W on features that are centred and, in size, as batch norm would leave them.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from eigenview._errors import UsageError
from eigenview.objectives import CLIP, MMCR, BarlowTwins, BetaInfoNCE, InfoNCE, Objective, SpectralContrastive, VICReg
from eigenview.predict.covariances import Covariances
from eigenview.theory.landscape import (
    StationaryPoint,
    barlow_origin,
    effective_landscape,
    held_variances,
    infonce_origin,
    modes_of,
    nuclear_norm_minimum,
    solve_beta_infonce,
    solve_normalized_infonce,
    spectral_origin,
    vicreg_origin,
)

Matrix = Float[np.ndarray, "d d"]
COVERED = (
    "InfoNCE and its forms (SimCLR, CLIP, DecoupledInfoNCE, BetaInfoNCE, WeightedInfoNCE)",
    "VICReg",
    "BarlowTwins",
    "SpectralContrastive",
    "MMCR",
)
DECAY = "--decay "
_NOISE = 1e-9  # as in theory: what may be rounding of a zero
_POINTS = 41
_HOTTEST = 1e100  # temperature: beyond it, and below its inverse, numbers overflow


@dataclass(frozen=True)
class TunableParameter:
    """The setting of an objective that decides how many directions survive.

    Args:
        name: in words.
        option: as the command line takes it, before its value.
        value: that it has.
        values: others to compare with, rising.
        logarithmic: whether these are evenly spaced in their logarithm.
    """

    name: str
    option: str
    value: float
    values: tuple[float, ...]
    logarithmic: bool = True


@dataclass(frozen=True)
class Landscape(ABC):
    """What theory says of an objective.

    Args:
        decay: weight decay as SGD has it: the loss's term is half of it times ‖W‖².
    """

    feels_decay: ClassVar[bool] = True
    """Whether it decides which directions survive; with embeddings of a fixed length it changes a scale alone."""

    decay: float

    @property
    @abstractmethod
    def says(self) -> str:
        """Which theory it is, and what it assumes, in a clause."""

    @property
    def knob(self) -> TunableParameter | None:
        """What to turn, if turning anything changes which directions survive."""
        return _knob("weight decay", DECAY, self.decay, 1e-6, 1.0)

    def survivors(self, found: Covariances) -> int:
        """Directions that survive, were there room for all."""
        value = self.knob.value if self.knob else 0.0
        return self.survivors_over(found, [value])[0]

    @abstractmethod
    def minimum(self, found: Covariances, D: int) -> StationaryPoint | None:
        """The layer with D outputs that the objective ends with; None where theory does not say."""

    @abstractmethod
    def survivors_over(self, found: Covariances, values: Sequence[float]) -> list[int]:
        """Directions that survive at each value of the knob."""


@dataclass(frozen=True)
class GaussianInfoNCE(Landscape):
    """InfoNCE of squared distances, β-InfoNCE among them: solved exactly.

    Args:
        beta: β, the weight of the log.
        temperature: τ.
        called: what the objective calls β.
    """

    beta: float
    temperature: float
    called: str

    @property
    def says(self) -> str:
        """Which theory it is, and what it assumes, in a clause."""
        return "exact for a linear layer, Gaussian features and many negatives"

    @property
    def knob(self) -> TunableParameter | None:
        """β, where it is what makes directions collapse."""
        if self.beta == 1:
            return super().knob
        most = 2 * self.beta if self.beta > 1 else 1.0
        values = tuple(round(most * i / 50, 3) for i in range(1, 51))
        return TunableParameter("β", f"--objective.options {self.called}=", self.beta, values, logarithmic=False)

    def minimum(self, found: Covariances, D: int) -> StationaryPoint:
        """The layer that training ends with."""
        return solve_beta_infonce(found.A0, found.C, self.beta, D, self.decay / 2, self.temperature)

    def survivors_over(self, found: Covariances, values: Sequence[float]) -> list[int]:
        """A mode survives at any β above its share of noise, and at any decay below its gain."""
        if self.beta == 1:
            return _below_gain(infonce_origin(found.A0, found.C, self.temperature), values)
        shares = found.noise_shares
        if self.decay:
            shares = solve_beta_infonce(
                found.A0, found.C, self.beta, None, self.decay / 2, self.temperature
            ).noise_shares
        return [int((shares < beta * (1 - _NOISE)).sum()) for beta in values]


@dataclass(frozen=True)
class NormalisedInfoNCE(Landscape):
    """InfoNCE of cosines: on the unit sphere a cosine is half a squared distance, up to sign and a constant."""

    feels_decay = False

    beta: float
    temperature: float
    learned: bool

    @property
    def says(self) -> str:
        """Which theory it is, and what it assumes, in a clause."""
        model = "exact for a linear layer, Gaussian features and many negatives, with embeddings of length 1 on average"
        return model + (", at the temperature that learning starts from" if self.learned else "")

    @property
    def knob(self) -> TunableParameter:
        """The temperature."""
        return _knob("temperature", "--objective.options temperature=", self.temperature, 0.02, 2.0)

    def minimum(self, found: Covariances, D: int) -> StationaryPoint:
        """The layer that training ends with."""
        return solve_normalized_infonce(found.A0, found.C, self.beta, D, self.temperature)

    def survivors_over(self, found: Covariances, values: Sequence[float]) -> list[int]:
        """Directions that survive at each temperature: shares of noise do not depend on it."""
        return [int((held_variances(found.noise_shares, self.beta, 1 / value) > 0).sum()) for value in values]


@dataclass(frozen=True)
class SpectralContrastiveLandscape(Landscape):
    """The spectral contrastive loss, which is of fourth order."""

    @property
    def says(self) -> str:
        """Which theory it is, and what it assumes, in a clause."""
        return "exact for a linear layer and Gaussian features"

    def minimum(self, found: Covariances, D: int) -> StationaryPoint:
        """The layer that training ends with."""
        return effective_landscape("spectral", found.A0, found.C, decay=self.decay / 2).minimum(D)

    def survivors_over(self, found: Covariances, values: Sequence[float]) -> list[int]:
        """Directions that survive at each weight decay."""
        return _below_gain(spectral_origin(found.A0), values)


@dataclass(frozen=True)
class NearOriginOnly(Landscape):
    """An objective of which theory tells around W = 0 alone: VICReg with its hinge, Barlow Twins with its ε.

    Args:
        objective: one of these.
        D: dimensions of the embeddings.
    """

    objective: VICReg | BarlowTwins
    D: int

    @property
    def says(self) -> str:
        """Which theory it is, and what it assumes, in a clause."""
        return "which directions grow in a linear layer that starts near zero; not how far they grow"

    def minimum(self, found: Covariances, D: int) -> None:
        """Theory does not say."""

    def survivors_over(self, found: Covariances, values: Sequence[float]) -> list[int]:
        """Directions that grow at each weight decay."""
        if isinstance(self.objective, VICReg):
            weights = self.objective.invariance, self.objective.variance
            return _below_gain(vicreg_origin(found.A0, found.C, *weights, VICReg.epsilon, self.D), values)
        return _below_gain(barlow_origin(found.A0, BarlowTwins.epsilon), values)


@dataclass(frozen=True)
class NuclearNorm(Landscape):
    """MMCR: whatever views do, no direction collapses; how many there are room for, P and D decide.

    Args:
        K: views of a sample in training.
    """

    feels_decay = False

    K: int

    @property
    def says(self) -> str:
        """Which theory it is, and what it assumes, in a clause."""
        return "exact for a linear layer and P far above D, with embeddings of length 1 on average"

    @property
    def knob(self) -> None:
        """Nothing to turn."""

    def minimum(self, found: Covariances, D: int) -> StationaryPoint:
        """The layer that training ends with."""
        return nuclear_norm_minimum(found.A0, found.C, self.K, D)

    def survivors_over(self, found: Covariances, values: Sequence[float]) -> list[int]:
        """All of them, always."""
        return [len(found.noise_shares)] * len(values)


def landscape_of(objective: Objective, K: int, D: int, decay: float) -> Landscape:
    """What theory says of an objective.

    Args:
        objective: what is minimised.
        K: views of a sample in training.
        D: dimensions of the embeddings.
        decay: weight decay as SGD has it.

    Raises:
        UsageError: no theory covers it, or not its temperature.
    """
    if isinstance(objective, InfoNCE) and not 1 / _HOTTEST <= objective.temperature <= _HOTTEST:
        whole = f"{1 / _HOTTEST:g} to {_HOTTEST:g}"
        raise UsageError(f"theory here is of temperatures from {whole}, not {objective.temperature:g}")
    match objective:
        case InfoNCE(similarity="euclidean"):
            called = "beta" if isinstance(objective, BetaInfoNCE) else "repulsion"
            return GaussianInfoNCE(decay, objective.repulsion, objective.temperature, called)
        case InfoNCE():
            return NormalisedInfoNCE(decay, objective.repulsion, objective.temperature, isinstance(objective, CLIP))
        case SpectralContrastive():
            return SpectralContrastiveLandscape(decay)
        case VICReg() | BarlowTwins():
            return NearOriginOnly(decay, objective, D)
        case MMCR(local_weight=0):
            return NuclearNorm(decay, K)
        case MMCR():
            raise UsageError("no theory here covers MMCR with a local_weight; without one it does")
    raise UsageError(f"no theory here covers {type(objective).__name__}; it covers {', '.join(COVERED)}")


def _below_gain(B: Matrix, decays: Sequence[float]) -> list[int]:
    """How many eigenvalues of B are above γ, half of each weight decay."""
    gains = modes_of(B).eigenvalues
    least = _NOISE * np.abs(gains).max(initial=0.0)
    return [int((gains > decay / 2 + least).sum()) for decay in decays]


def _knob(name: str, option: str, value: float, least: float, most: float) -> TunableParameter:
    """A knob with values on a logarithmic scale that reaches beyond the one that it has."""
    if value > 0:
        least, most = min(least, value / 2), max(most, 2 * value)
    # Two digits, so that a value can be told and typed.
    values = dict.fromkeys(float(f"{value:.2g}") for value in np.geomspace(least, most, _POINTS))
    return TunableParameter(name, option, value, tuple(values))
