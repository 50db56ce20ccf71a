"""Each closed-form theory as a landscape; `objective_landscape.py` says which objective has which."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from eigenview.objectives import (
    CentroidNuclearNorm,
    CosineContrast,
    CrossCorrelation,
    DeviationHinge,
    EuclideanContrast,
    SpectralContrast,
)
from eigenview.predict.covariances import Covariances
from eigenview.predict.landscape import Landscape, TunableParameter
from eigenview.theory.landscape import (
    StationaryPoint,
    barlow_origin,
    critical_strengths,
    decayed_origin,
    effective_landscape,
    infonce_origin,
    modes_of,
    nuclear_norm_minimum,
    solve_beta_infonce,
    solve_normalized_infonce,
    spectral_origin,
    variances_of_fixed_total,
    vicreg_origin,
)
from eigenview.theory.matrices import EIGENVALUE_ROUNDING

Matrix = Float64[np.ndarray, "d d"]


@dataclass(frozen=True)
class GaussianInfoNCE(Landscape):
    """InfoNCE of squared distances, β-InfoNCE among them: solved exactly but for the partner's share σ.

    To second order a partner in the denominator changes β and τ: (β(1 − σ)A0 − (1 − β)C)/τ is (β′A0 − (1 − β′)C)/τ′
    with β′ = β(1 − σ)/(1 − βσ) and τ′ = τ/(1 − βσ). So which directions survive is right for any σ; how large they get
    is taken from β′ and τ′, which is right for the small σ of many negatives.
    """

    theory: EuclideanContrast

    @property
    def assumptions(self) -> str:
        """What is solved, and under which assumptions, in a clause."""
        return "exact for a linear layer, Gaussian features and many negatives"

    @property
    def parameter(self) -> TunableParameter | None:
        """β, where it is what makes directions collapse."""
        beta, option = self.theory.beta, self.theory.option
        if beta == 1:
            return super().parameter
        if option is None:
            return None
        most = 2 * beta if beta > 1 else 1.0
        values = tuple(round(most * i / 50, 3) for i in range(1, 51))
        return TunableParameter("β", f"--objective.options {option}=", beta, values, logarithmic=False)

    def survivors(self, found: Covariances) -> int:
        """Directions that grow from the origin, which are those that survive."""
        return modes_of(self.origin(found)).surviving

    def survivors_over(self, found: Covariances, values: Sequence[float]) -> list[int]:
        """A mode survives at any β above its share of noise, and at any decay below its gain."""
        t = self.theory
        if t.beta == 1:
            return _above(infonce_origin(found.A0, found.C, t.temperature, partner_share=t.partner_share), values)
        # β[(1 − σ)a + c] > c + τγ: shares of noise are in the metric of (1 − σ)A0 + C, at any β.
        shares = found.noise_shares
        if t.partner_share or self.gamma:
            A0 = (1 - t.partner_share) * found.A0
            shares = solve_beta_infonce(A0, found.C, t.beta, None, self.gamma, t.temperature).noise_shares
        return [int((shares < beta * (1 - EIGENVALUE_ROUNDING)).sum()) for beta in values]

    def minimum(self, found: Covariances, D: int) -> StationaryPoint | None:
        """The layer that training ends with; unknown where β times the partner's share is 1 or more."""
        t = self.theory
        left = 1 - t.beta * t.partner_share
        if left <= 0:
            return None
        beta = t.beta * (1 - t.partner_share) / left
        return solve_beta_infonce(found.A0, found.C, beta, D, self.gamma, t.temperature / left)

    def origin(self, found: Covariances) -> Matrix:
        """B, decay included."""
        t = self.theory
        return decayed_origin(infonce_origin(found.A0, found.C, t.temperature, t.beta, t.partner_share), self.gamma)

    def critical_strengths(self, found: Covariances) -> Float64[np.ndarray, "m"] | None:
        """Where β < 1 makes modes collapse."""
        t = self.theory
        if t.beta >= 1:
            return None
        # Directions that only views vary, and next to nothing, are last there, and not modes here.
        return critical_strengths((1 - t.partner_share) * found.A0, found.C, t.beta)[: len(found.noise_shares)]


@dataclass(frozen=True)
class NormalizedInfoNCE(Landscape):
    """InfoNCE of cosines: on the unit sphere a cosine is half a squared distance, up to sign and a constant."""

    fixed_length = True

    theory: CosineContrast

    @property
    def assumptions(self) -> str:
        """What is solved, and under which assumptions, in a clause."""
        model = "exact for a linear layer, Gaussian features and many negatives, with embeddings of length 1 on average"
        return model + (", at the temperature that learning starts from" if self.theory.learned else "")

    @property
    def parameter(self) -> TunableParameter | None:
        """The temperature."""
        if self.theory.option is None:
            return None
        named = self.theory.option == "temperature"
        option = "--temperature " if named else f"--objective.options {self.theory.option}="
        return TunableParameter.on_log_scale("temperature", option, self.theory.temperature, 0.02, 2.0)

    def survivors(self, found: Covariances) -> int:
        """Directions that survive."""
        return self.survivors_over(found, [self.theory.temperature])[0]

    def survivors_over(self, found: Covariances, values: Sequence[float]) -> list[int]:
        """Directions that survive at each temperature: shares of noise do not depend on it."""
        shares, beta = found.noise_shares, self.theory.beta
        return [int((variances_of_fixed_total(shares, beta, 1 / value) > 0).sum()) for value in values]

    def minimum(self, found: Covariances, D: int) -> StationaryPoint:
        """The layer that training ends with."""
        return solve_normalized_infonce(found.A0, found.C, self.theory.beta, D, self.theory.temperature)

    def origin(self, found: Covariances) -> None:
        """There is none."""


@dataclass(frozen=True)
class NuclearNorm(Landscape):
    """MMCR: whatever views do, no direction collapses; how many there is room for, P and D decide."""

    fixed_length = True
    shape_decides = True

    theory: CentroidNuclearNorm

    @property
    def assumptions(self) -> str:
        """What is solved, and under which assumptions, in a clause."""
        return "exact for a linear layer and P far above D, with embeddings of length 1 on average"

    @property
    def parameter(self) -> None:
        """Nothing to change."""

    def survivors(self, found: Covariances) -> int:
        """All directions."""
        return len(found.noise_shares)

    def survivors_over(self, found: Covariances, values: Sequence[float]) -> list[int]:
        """All directions, always."""
        return [len(found.noise_shares)] * len(values)

    def minimum(self, found: Covariances, D: int) -> StationaryPoint:
        """The layer that training ends with."""
        return nuclear_norm_minimum(found.A0, found.C, self.theory.K, D)

    def origin(self, found: Covariances) -> None:
        """There is none."""


@dataclass(frozen=True)
class SecondOrder(Landscape):
    """A loss of which B alone decides what survives."""

    @abstractmethod
    def undecayed_origin(self, found: Covariances) -> Matrix:
        """B without decay."""

    def survivors(self, found: Covariances) -> int:
        """Directions that grow from the origin."""
        return modes_of(self.origin(found)).surviving

    def survivors_over(self, found: Covariances, values: Sequence[float]) -> list[int]:
        """Directions that grow at each weight decay."""
        return _above(self.undecayed_origin(found), values)

    def origin(self, found: Covariances) -> Matrix:
        """B, decay included."""
        return decayed_origin(self.undecayed_origin(found), self.gamma)


@dataclass(frozen=True)
class SpectralContrastiveLandscape(SecondOrder):
    """The spectral contrastive loss, which is of fourth order, and does not centre what it is given."""

    theory: SpectralContrast

    @property
    def assumptions(self) -> str:
        """What is solved, and under which assumptions, in a clause."""
        return "exact for a linear layer and Gaussian features"

    def undecayed_origin(self, found: Covariances) -> Matrix:
        """B without decay."""
        return spectral_origin(found.second_moment)

    def minimum(self, found: Covariances, D: int) -> StationaryPoint:
        """The layer that training ends with."""
        return effective_landscape("spectral", found.second_moment, found.C, decay=self.gamma).minimum(D)


@dataclass(frozen=True)
class NearOriginOnly(SecondOrder):
    """A loss that theory describes around W = 0 alone: VICReg with its hinge, Barlow Twins with its ε.

    Args:
        D: dimensions of the embeddings.
    """

    theory: DeviationHinge | CrossCorrelation
    D: int

    @property
    def assumptions(self) -> str:
        """What is solved, and under which assumptions, in a clause."""
        return "which directions grow in a linear layer that starts near zero; not how far they grow"

    def undecayed_origin(self, found: Covariances) -> Matrix:
        """B without decay."""
        t = self.theory
        if isinstance(t, CrossCorrelation):
            return barlow_origin(found.A0, t.epsilon)
        return vicreg_origin(found.A0, found.C, t.invariance, t.variance, t.epsilon, self.D)

    def minimum(self, found: Covariances, D: int) -> None:
        """Theory does not say."""


def _above(B: Matrix, decays: Sequence[float]) -> list[int]:
    """How many eigenvalues of B are above γ, half of each weight decay."""
    gains = modes_of(B).eigenvalues
    least = EIGENVALUE_ROUNDING * np.abs(gains).max(initial=0.0)
    return [int((gains > decay / 2 + least).sum()) for decay in decays]
