"""Expansion of a loss around the origin of the last linear layer W, L(W) = L(0) − Tr WBWᵀ + O(W⁴): B predicts collapse.

The layer's input is a sample's clean input, with covariance A0 over samples, plus augmentation noise with covariance C,
independent for each view; Σ = A0 + C. Both are fixed: while a network below the layer learns, they change, and B with
them. Embeddings are not normalized, unless a function says so: a loss of directions alone has no value at W = 0, and
these predictions do not apply to it. In the effective landscape, B and a quartic term, every local minimum is global,
and a mode collapses iff its eigenvalue of B is ≤ 0 (landscape; NOTES 3).
"""

from dataclasses import dataclass
from math import inf, isfinite

import numpy as np
import scipy.linalg
from jaxtyping import Float

from eigenview.theory.matrices import same_size, significant, symmetric

Matrix = Float[np.ndarray, "d d"]


@dataclass(frozen=True)
class Origin:
    """Stability of the origin.

    Args:
        eigenvalues: of B, largest first: −½ times the curvature of the loss along each mode.
        surviving: number of positive eigenvalues, that is, of modes that grow from the origin.
    """

    eigenvalues: Float[np.ndarray, "d"]
    surviving: int

    @property
    def stable(self) -> bool:
        """Whether no mode grows: the origin is then a minimum, the only one in the effective landscape."""
        return self.surviving == 0


def modes_of(B: Matrix) -> Origin:
    """The eigenvalues of B, and how many modes grow from the origin.

    An eigenvalue counts as positive above 1e-9 of the largest in size, so that it is not a rounding error.

    Args:
        B: symmetric, from `infonce_origin` or one of its siblings.

    Raises:
        ValueError: B is not square, not finite, or not symmetric.

    Source: landscape, Sec. 3, after NOTES 3: the Hessian at the origin is −2B.
    """
    eigenvalues = scipy.linalg.eigvalsh(symmetric(B, "B"))[::-1]
    return Origin(eigenvalues, int((significant(eigenvalues) > 0).sum()))


def infonce_origin(
    A0: Matrix, C: Matrix, temperature: float = 1.0, repulsion: float = 1.0, partner_share: float = 0.0
) -> Matrix:
    """B of InfoNCE with similarity −½‖f − f′‖²: (ρ(1 − σ)A0 − (1 − ρ)C)/τ.

    At ρ = 1 this is InfoNCE with any weight of the partner in the denominator, and no mode collapses; at ρ < 1 it is
    β-InfoNCE with β = ρ and σ = 0, and mode i collapses iff c_i ≥ βa_i/(1 − β).

    Args:
        A0: covariance of clean inputs.
        C: covariance that augmentation adds.
        temperature: τ.
        repulsion: ρ, weight of the log-sum-exp.
        partner_share: σ = α/(α + n), the partner's share of a denominator with n negatives.

    Raises:
        ValueError: A0 and C differ in size, or temperature is not positive and finite.

    Source: landscape, Eqs. 2–3, after NOTES 3 (whose P/(P − 1 + α) takes A0 of the batch, divided by P).
    """
    same_size(A0=A0, C=C)
    _above_zero(temperature=temperature)
    return (repulsion * (1 - partner_share) * A0 - (1 - repulsion) * C) / temperature


def vicreg_like_origin(A0: Matrix, C: Matrix, kappa: float, target: float) -> Matrix:
    """B of the invariance Tr WCWᵀ and the penalty κ(Tr WΣWᵀ − c)²: 2κcΣ − C.

    Mode i is stable at the origin iff κ < c_i/(2c(a_i + c_i)).

    Args:
        A0: covariance of clean inputs.
        C: covariance that augmentation adds.
        kappa: κ, weight of the penalty.
        target: c, the variance that the penalty asks for.

    Raises:
        ValueError: A0 and C differ in size.

    Source: landscape, Prop. 3, after NOTES 3 (B = −C, with ρ = 0 at the origin).
    """
    same_size(A0=A0, C=C)
    return 2 * kappa * target * (A0 + C) - C


def vicreg_origin(A0: Matrix, C: Matrix, invariance: float, variance: float, epsilon: float, D: int) -> Matrix:
    """B of VICReg as trained, with its hinge on standard deviations: (μΣ/(2√ε) − 2λC)/D.

    The hinge is steep at the origin, 1/(2√ε), so only a mode with c_i/(a_i + c_i) ≥ μ/(4λ√ε) collapses there: at the
    usual λ = μ, ε = 1e-4, none. It holds where variances are far below ε. The covariance term is of fourth order.

    Args:
        A0: covariance of clean inputs.
        C: covariance that augmentation adds.
        invariance: λ, weight of the mean squared distance of views.
        variance: μ, weight of the hinge.
        epsilon: ε, under the square root.
        D: number of dimensions, over which both are averaged.

    Raises:
        ValueError: A0 and C differ in size, or ε or D is not positive and finite.

    Source: expanded for this project from Bardes et al. 2022, Eqs. 1–5; the row of NOTES 3 is `vicreg_like_origin`.
    """
    same_size(A0=A0, C=C)
    _above_zero(epsilon=epsilon, D=D)
    return (variance / (2 * epsilon**0.5) * (A0 + C) - 2 * invariance * C) / D


def spectral_origin(A0: Matrix) -> Matrix:
    """B of the spectral contrastive loss: 2A0. No mode collapses.

    Args:
        A0: covariance of clean inputs, or their uncentred second moment: the loss does not centre.

    Source: NOTES 3.
    """
    return 2 * A0


def barlow_origin(A0: Matrix, epsilon: float = 1.0) -> Matrix:
    """B of Barlow Twins: 2A0/ε. No mode collapses.

    Args:
        A0: covariance of clean inputs.
        epsilon: under the deviations that covariances are divided by, far above the variances here; at 1 the
            covariances themselves are compared with the identity, as in NOTES 3.

    Raises:
        ValueError: ε is not positive and finite.

    Source: NOTES 3 (unnormalised, second order).
    """
    _above_zero(epsilon=epsilon)
    return 2 * A0 / epsilon


def decayed_origin(B: Matrix, decay: float) -> Matrix:
    """B with weight decay: B − γI. A mode collapses iff its eigenvalue without decay is ≤ γ.

    Args:
        B: without weight decay.
        decay: γ of a term γ‖W‖² in the loss, half of SGD's weight decay.

    Raises:
        ValueError: γ is negative or not finite.

    Source: NOTES 3.
    """
    if not (isfinite(decay) and decay >= 0):
        raise ValueError(f"decay must be finite and at least 0, not {decay}")
    return B - decay * np.eye(len(B))


def _above_zero(**numbers: float | int) -> None:
    for name, number in numbers.items():
        if not 0 < number < inf:
            raise ValueError(f"{name} must be positive and finite, not {number}")
