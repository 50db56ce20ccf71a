"""From an objective, as it is trained, to what theory says of it: which directions survive, with which variance.

Theory is of one linear layer W on features that are centred and, in size, as batch norm would leave them.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from jaxtyping import Float, Float64

from eigenview._errors import UsageError
from eigenview.objectives import CLIP, MMCR, BarlowTwins, InfoNCE, Objective, SpectralContrastive, VICReg
from eigenview.theory.landscape import (
    EffectiveLandscape,
    barlow_origin,
    effective,
    exact,
    infonce_origin,
    modes_of,
    modes_when_normalised,
    spectral_origin,
    vicreg_origin,
)

Matrix = Float[np.ndarray, "d d"]
COVERED = (
    "InfoNCE and its forms (SimCLR, CLIP, DecoupledInfoNCE, BetaInfoNCE, WeightedInfoNCE)",
    "VICReg",
    "BarlowTwins",
    "SpectralContrastive",
    "MMCR (for P and D alone)",
)
_NOISE = 1e-9  # as in theory: what may be rounding of a zero
_POINTS = 41


@dataclass(frozen=True)
class Knob:
    """The setting of an objective that decides how many directions survive.

    Args:
        name: in words.
        option: as the command line takes it, before its value.
        value: that it has.
        values: others to compare with, rising.
    """

    name: str
    option: str
    value: float
    values: tuple[float, ...]


@dataclass(frozen=True)
class Landscape(ABC):
    """What theory says of an objective.

    Args:
        decay: weight decay as SGD has it: the loss's term is half of it times ‖W‖².
    """

    decay: float

    @property
    @abstractmethod
    def says(self) -> str:
        """Which theory it is, and what it assumes, in a clause."""

    @property
    def knob(self) -> Knob:
        """What to turn."""
        return _knob("weight decay", "--decay ", self.decay, 1e-6, 1.0)

    @abstractmethod
    def survivors(self, A0: Matrix, C: Matrix) -> int:
        """Directions that survive, were there room for all."""

    @abstractmethod
    def variances(self, A0: Matrix, C: Matrix, D: int) -> Float64[np.ndarray, "m"] | None:
        """What variance each mode will have in D dimensions, largest first; None where theory does not say.

        It is 0 where a mode has collapsed, and inf where nothing bounds it.
        """

    @abstractmethod
    def survivors_over(self, A0: Matrix, C: Matrix, values: Sequence[float]) -> list[int]:
        """Directions that survive at each value of the knob."""


@dataclass(frozen=True)
class GaussianInfoNCE(Landscape):
    """InfoNCE of squared distances, β-InfoNCE among them: solved exactly."""

    beta: float
    temperature: float

    @property
    def says(self) -> str:
        """Which theory it is, and what it assumes, in a clause."""
        return "the exact minimum for a linear layer, Gaussian features and many negatives"

    @property
    def knob(self) -> Knob:
        """β, where it is what makes directions collapse."""
        if self.beta == 1:
            return super().knob
        return _knob("β", "--objective.options beta=", self.beta, 0.05, 1.0)

    def survivors(self, A0: Matrix, C: Matrix) -> int:
        """Directions that survive, were there room for all."""
        return exact(A0, C, self.beta, None, self.decay / 2, self.temperature).rank

    def variances(self, A0: Matrix, C: Matrix, D: int) -> Float64[np.ndarray, "m"]:
        """What variance each mode will have."""
        return exact(A0, C, self.beta, D, self.decay / 2, self.temperature).modes

    def survivors_over(self, A0: Matrix, C: Matrix, values: Sequence[float]) -> list[int]:
        """A mode survives at any β above its share of noise, and at any decay below its gain."""
        if self.beta == 1:
            return _below_gain(infonce_origin(A0, C, self.temperature), values)
        shares = exact(A0, C, self.beta, None, self.decay / 2, self.temperature).noise_shares
        return [int((shares < beta * (1 - _NOISE)).sum()) for beta in values]


@dataclass(frozen=True)
class NormalisedInfoNCE(Landscape):
    """InfoNCE of cosines: on the unit sphere a cosine is half a squared distance, up to sign and a constant."""

    beta: float
    temperature: float
    partner_share: float
    learned: bool

    @property
    def says(self) -> str:
        """Which theory it is, and what it assumes, in a clause."""
        model = "a model: a linear layer to fourth order, with embeddings of length 1 on average instead of each"
        return model + (", at the temperature that learning starts from" if self.learned else "")

    @property
    def knob(self) -> Knob:
        """The temperature."""
        return _knob("temperature", "--objective.options temperature=", self.temperature, 0.02, 2.0)

    def survivors(self, A0: Matrix, C: Matrix) -> int:
        """Directions that survive, were there room for all."""
        return self._effective(A0, C).survivors()

    def variances(self, A0: Matrix, C: Matrix, D: int) -> Float64[np.ndarray, "m"]:
        """What variance each mode will have; they sum to 1."""
        return self._effective(A0, C).minimum(D).modes

    def survivors_over(self, A0: Matrix, C: Matrix, values: Sequence[float]) -> list[int]:
        """With τ gains fall as 1/τ and the quartic as 1/τ², which is as if the length grew as 1/τ."""
        landscape = self._effective(A0, C)
        room = landscape.quartic * self.temperature
        # A length that is held is held by one mode at least.
        return [max(1, int(modes_when_normalised(landscape.gains, room / value).sum())) for value in values]

    def _effective(self, A0: Matrix, C: Matrix) -> EffectiveLandscape:
        # Of directions alone: weight decay changes nothing but their scale.
        return effective("infonce", A0, C, self.beta, self.temperature, self.partner_share, kappa=inf, target=1.0)


@dataclass(frozen=True)
class Spectral(Landscape):
    """The spectral contrastive loss, which is of fourth order."""

    @property
    def says(self) -> str:
        """Which theory it is, and what it assumes, in a clause."""
        return "the exact minimum for a linear layer and Gaussian features"

    def survivors(self, A0: Matrix, C: Matrix) -> int:
        """Directions that survive, were there room for all."""
        return effective("spectral", A0, C, decay=self.decay / 2).survivors()

    def variances(self, A0: Matrix, C: Matrix, D: int) -> Float64[np.ndarray, "m"]:
        """What variance each mode will have."""
        return effective("spectral", A0, C, decay=self.decay / 2).minimum(D).modes

    def survivors_over(self, A0: Matrix, C: Matrix, values: Sequence[float]) -> list[int]:
        """Directions that survive at each weight decay."""
        return _below_gain(spectral_origin(A0), values)


@dataclass(frozen=True)
class Growing(Landscape):
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

    def survivors(self, A0: Matrix, C: Matrix) -> int:
        """Directions that grow."""
        return self.survivors_over(A0, C, [self.decay])[0]

    def variances(self, A0: Matrix, C: Matrix, D: int) -> None:
        """Theory does not say."""

    def survivors_over(self, A0: Matrix, C: Matrix, values: Sequence[float]) -> list[int]:
        """Directions that grow at each weight decay."""
        if isinstance(self.objective, VICReg):
            weights = self.objective.invariance, self.objective.variance
            return _below_gain(vicreg_origin(A0, C, *weights, VICReg.epsilon, self.D), values)
        return _below_gain(barlow_origin(A0, BarlowTwins.epsilon), values)


def landscape_of(objective: Objective, P: int, D: int, decay: float) -> Landscape | None:
    """What theory says of an objective; of MMCR's survivors nothing, which is None.

    Args:
        objective: what is minimised.
        P: samples in a batch.
        D: dimensions of the embeddings.
        decay: weight decay as SGD has it.

    Raises:
        UsageError: no theory covers it.
    """
    match objective:
        case InfoNCE(similarity="euclidean"):
            return GaussianInfoNCE(decay, objective.repulsion, objective.temperature)
        case InfoNCE():
            negatives = 2 * (P - 1) if objective.negatives == "both" else P - 1
            share = objective.positive_weight / (objective.positive_weight + negatives)
            learned = isinstance(objective, CLIP)
            return NormalisedInfoNCE(decay, objective.repulsion, objective.temperature, share, learned)
        case SpectralContrastive():
            return Spectral(decay)
        case VICReg() | BarlowTwins():
            return Growing(decay, objective, D)
        case MMCR():
            return None
    raise UsageError(f"no theory here covers {type(objective).__name__}; it covers {', '.join(COVERED)}")


def _below_gain(B: Matrix, decays: Sequence[float]) -> list[int]:
    """How many eigenvalues of B are above γ, half of each weight decay."""
    gains = modes_of(B).eigenvalues
    least = _NOISE * np.abs(gains).max(initial=0.0)
    return [int((gains > decay / 2 + least).sum()) for decay in decays]


def _knob(name: str, option: str, value: float, least: float, most: float) -> Knob:
    """A knob with values on a logarithmic scale that reaches beyond the one that it has."""
    if value > 0:
        least, most = min(least, value / 2), max(most, 2 * value)
    return Knob(name, option, value, tuple(np.geomspace(least, most, _POINTS).tolist()))
