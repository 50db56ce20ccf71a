"""Named variants of InfoNCE."""

from math import exp, inf, log

import torch
from jaxtyping import Float
from torch import Tensor, nn

from eigenview._errors import UsageError
from eigenview.objectives.base import weight
from eigenview.objectives.infonce import InfoNCE
from eigenview.objectives.loss_theory import CosineContrast, EuclideanContrast


class SimCLR(InfoNCE):
    """NT-Xent: cosines, both views as anchors, and among all other views of the batch as candidates.

    Args:
        temperature: τ, positive and finite.

    Raises:
        UsageError: another temperature.

    Source: Chen et al. 2020, Eq. 1.
    """

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__(temperature)


class CLIP(InfoNCE):
    """Cosines between two views or towers, each the other's candidates, at a temperature that is learned.

    Its logarithm is what is learned. Each use of the loss first brings back to `min_temperature` what a step took below
    it, so that a gradient towards warmth is never lost.

    Args:
        temperature: τ to start from, no less than `min_temperature`.
        min_temperature: the least τ, positive and finite.

    Raises:
        UsageError: other temperatures.

    Source: Radford et al. 2021, Sec. 2.3–2.5 (0.07, and similarities scaled by no more than 100).
    """

    def __init__(self, temperature: float = 0.07, min_temperature: float = 0.01) -> None:
        super().__init__(temperature, negatives="other")
        if not 0 < min_temperature < inf:
            raise UsageError(f"min_temperature must be positive and finite, not {min_temperature}")
        if temperature < min_temperature:
            raise UsageError(f"temperature must be at least min_temperature, {min_temperature}, not {temperature}")
        self._min_temperature = min_temperature
        self.log_inverse_temperature = nn.Parameter(torch.tensor(-log(temperature)))

    @property
    def min_temperature(self) -> float:
        """The least τ."""
        return self._min_temperature

    @property
    def temperature(self) -> float:
        """τ as it now is."""
        return max(self.min_temperature, exp(-self.log_inverse_temperature.item()))

    def inverse_temperature(self, dtype: torch.dtype) -> Float[Tensor, ""]:
        """β = 1/τ, with its gradient."""
        with torch.no_grad():
            self.log_inverse_temperature.clamp_(max=-log(self.min_temperature))
        return self.log_inverse_temperature.to(dtype).exp()

    def logged(self) -> dict[str, float]:
        """`temperature`, as it now is."""
        return {"temperature": self.temperature}

    def theory(self, K: int, P: int, D: int) -> CosineContrast:
        """At the present temperature."""
        self.check_shape(K, P)
        return CosineContrast(self.repulsion, self.temperature, learned=True, option="temperature")


class DecoupledInfoNCE(InfoNCE):
    """Cosines, with the negatives of both views and without the partner in the denominator.

    Args:
        temperature: τ, positive and finite.
        symmetric: whether both views of a pair are anchors, or the first alone, as in the paper.

    Raises:
        UsageError: another temperature.

    Source: geometry, Eq. 1 (β = 1/τ = 2).
    """

    def __init__(self, temperature: float = 0.5, symmetric: bool = False) -> None:
        super().__init__(temperature, positive_weight=0.0, symmetric=symmetric)


class BetaInfoNCE(InfoNCE):
    """Half the squared distance of partners, plus β times the log of negatives' Gaussian kernels.

    Args:
        beta: β, the weight of the log; at 1 it is InfoNCE, and below 1 strongly augmented directions collapse.

    Raises:
        UsageError: a β that is negative or not finite.

    Source: landscape, Eq. 2 for β = 1, and NOTES 3. The mean over negatives is a sum here, which adds β·log(P − 1).
    """

    def __init__(self, beta: float = 0.5) -> None:
        repulsion = weight("beta", beta)
        super().__init__(1.0, positive_weight=0.0, repulsion=repulsion, similarity="euclidean", negatives="other")

    def theory(self, K: int, P: int, D: int) -> EuclideanContrast:
        """Its own."""
        self.check_shape(K, P)
        return EuclideanContrast(self.repulsion, option="beta")


class WeightedInfoNCE(InfoNCE):
    """Half the squared distance of partners, plus the log of Gaussian kernels, the partner's weighted by α.

    Args:
        alpha: α, the partner's weight in the denominator.

    Raises:
        UsageError: an α that is negative or not finite.

    Source: landscape, Eq. 3, as a mean over samples.
    """

    def __init__(self, alpha: float = 0.1) -> None:
        positive_weight = weight("alpha", alpha)
        super().__init__(1.0, positive_weight=positive_weight, similarity="euclidean", negatives="other")
