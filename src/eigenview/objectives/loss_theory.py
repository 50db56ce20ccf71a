"""Which closed-form theory describes an objective, in plain numbers.

An objective names its theory by returning one of these from `Objective.theory`; `eigenview.predict` solves it for a
linear layer W, with embeddings f = Wx of inputs x. So an objective of your own gets predictions and the alarm of a
predicted collapse, too, if it is one of these losses, up to a constant and to what vanishes with many samples.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class LossTheory:
    """A loss that closed-form theory describes: one of the subclasses below."""


@dataclass(frozen=True)
class NotCovered:
    """No closed-form theory describes an objective.

    Args:
        reason: why, as a clause that can end an error message.
    """

    reason: str


@dataclass(frozen=True)
class EuclideanContrast(LossTheory):
    """InfoNCE of squared distances: ½‖f − f′‖²/τ + β·log(sum of exp(−½‖f − f″‖²/τ) over the candidates f″).

    Args:
        beta: β, the weight of the log.
        temperature: τ.
        partner_share: the partner's share of the denominator at collapse, α/(α + n) with n negatives.
        option: what the objective's constructor calls β; None where it takes none.
    """

    beta: float = 1.0
    temperature: float = 1.0
    partner_share: float = 0.0
    option: str | None = None


@dataclass(frozen=True)
class CosineContrast(LossTheory):
    """The same loss of embeddings on the unit sphere, where minus a cosine is half a squared distance.

    Args:
        beta: β, the weight of the log.
        temperature: τ, as it now is.
        learned: whether training changes τ.
        option: what the objective's constructor calls τ; None where it takes none.
    """

    beta: float = 1.0
    temperature: float = 1.0
    learned: bool = False
    option: str | None = None


@dataclass(frozen=True)
class SpectralContrast(LossTheory):
    """The spectral contrastive loss: −2f·f′ + (f·f″)², averaged over other samples' f″."""


@dataclass(frozen=True)
class DeviationHinge(LossTheory):
    """VICReg near collapse: λ(f − f′)² + μ·relu(1 − √(Var f + ε)), averaged over dimensions.

    Args:
        invariance: λ.
        variance: μ.
        epsilon: ε.
    """

    invariance: float
    variance: float
    epsilon: float


@dataclass(frozen=True)
class CrossCorrelation(LossTheory):
    """Barlow Twins near collapse: Σ(1 − Cov(f, f′)/(Var f + ε))² over dimensions.

    Args:
        epsilon: ε.
    """

    epsilon: float


@dataclass(frozen=True)
class CentroidNuclearNorm(LossTheory):
    """MMCR: minus the nuclear norm of samples' centroids of views on the unit sphere.

    Args:
        K: views of each sample.
    """

    K: int
