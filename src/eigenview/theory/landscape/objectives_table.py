"""The effective landscape of each objective, as in the paper's table."""

from typing import Literal

import numpy as np
from jaxtyping import Float

from eigenview.theory.landscape.effective_landscape import EffectiveLandscape
from eigenview.theory.landscape.origin import barlow_origin, decayed_origin, infonce_origin, spectral_origin
from eigenview.theory.matrices import covariance, same_size

Row = Literal["infonce", "vicreg-like", "spectral", "barlow"]


def effective_landscape(
    objective: Row,
    A0: Float[np.ndarray, "d d"],
    C: Float[np.ndarray, "d d"],
    beta: float = 1.0,
    temperature: float = 1.0,
    partner_share: float = 0.0,
    decay: float = 0.0,
    kappa: float = 0.0,
    target: float = 0.0,
    bias: bool = False,
) -> EffectiveLandscape:
    """An objective's loss around the origin of the last linear layer, to fourth order for Gaussian data.

    | objective | B | q |
    |---|---|---|
    | `infonce` (β-InfoNCE, weighted) | (β(1 − σ)A0 − (1 − β)C)/τ | ¾β(1 − σ)/τ² |
    | `vicreg-like` (needs κ) | −C | 0 |
    | `spectral` | 2A0 | 1 |
    | `barlow` (unnormalised, weight of what is off the diagonal 1) | 2A0, in the metric of A0 | 1 |

    With a partner in the denominator the fourth order has another term, which is not a multiple of Tr(WΣWᵀ)² and is
    left out: βσ(1 − σ)/(2τ²) times the mean square of ½‖f − f′‖² − ½‖f‖² − ½ Tr WΣWᵀ. In a batch σ is about 1/P.

    Args:
        objective: row of the table.
        A0: covariance of clean inputs.
        C: covariance that augmentation adds.
        beta: β of `infonce`.
        temperature: τ of `infonce`.
        partner_share: σ of `infonce`, as for `infonce_origin`: weighing the partner changes no mode's fate.
        decay: γ of a term γ‖W‖², taken from B.
        kappa: κ of a term κ(E‖f‖² − c)², which models normalization; inf fixes the variance.
        target: c, the variance that the term asks for.
        bias: whether f has a bias.

    Raises:
        ValueError: the objective is unknown, A0 or C is not a covariance, or a number is out of range.

    Source: landscape, Eqs. 2–5 and 16–17, after NOTES 3. The print has q = 1 for InfoNCE: it leaves out
    that the mean over anchors stands outside the log.
    """
    same_size(A0=np.asarray(A0), C=np.asarray(C))
    A0, C = covariance(A0, "A0"), covariance(C, "C")
    if not 0 < temperature < np.inf:
        raise ValueError(f"temperature must be positive and finite, not {temperature}")
    sigma, quartic = A0 + C, 1.0
    match objective:
        case "infonce":
            B = infonce_origin(A0, C, temperature, beta, partner_share)
            quartic = 0.75 * beta * (1 - partner_share) / temperature**2
        case "vicreg-like":
            if not kappa:
                raise ValueError("vicreg-like needs kappa and target: its variance penalty is the repulsion")
            B, quartic = -C, 0.0
        case "spectral":
            B = spectral_origin(A0)
        case "barlow":
            B, sigma = barlow_origin(A0), A0
        case _:
            raise ValueError(f"objective must be infonce, vicreg-like, spectral or barlow, not '{objective}'")
    return EffectiveLandscape(decayed_origin(B, decay), sigma, quartic, kappa, target, bias)
