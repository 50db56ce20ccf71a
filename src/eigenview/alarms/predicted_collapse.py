"""Whether the origin of the projector's last layer is stable, for the objectives of which theory tells."""

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from eigenview.objectives import BarlowTwins, InfoNCE, Objective, SpectralContrastive, VICReg
from eigenview.theory.landscape import (
    barlow_origin,
    decayed_origin,
    infonce_origin,
    modes_of,
    spectral_origin,
    vicreg_origin,
)


def origin_of(objective: Objective, inputs: Float[Tensor, "K P d"], D: int, decay: float) -> dict[str, float]:
    """The largest eigenvalue of B, for inputs of a batch's views to the projector's last layer.

    The covariances are a batch's, unbiased, and with few
    samples for many dimensions the largest eigenvalue comes out too large: a stable origin may then be missed. Below
    the layer the net is taken as it is.

    Args:
        objective: what is minimised; one that `has_origin`.
        inputs: what the last linear layer is given.
        D: dimensions of the embeddings that it gives.
        decay: γ of a term γ‖W‖² in the loss.

    Returns:
        `largest` eigenvalue of B with weight decay; `growing`, the number of positive ones; `between` and `within`, the
        variance of inputs (a trace) between samples and between views of one; `decay`. Costs an eigendecomposition
        of d × d.

    Raises:
        ValueError: inputs that are not finite, or a single view or sample.
    """
    K, P, _ = inputs.shape
    if K < 2 or P < 2:
        raise ValueError(f"covariances need at least two views of two samples, not K = {K} and P = {P}")
    x = inputs.detach().double()
    if not torch.isfinite(x).all():
        raise ValueError("inputs of the last layer are not finite")
    between, within = _covariances(x)
    A0, C = between.cpu().numpy(), within.cpu().numpy()
    match objective:
        case InfoNCE():
            negatives = 2 * (P - 1) if objective.negatives == "both" else P - 1
            share = objective.positive_weight / (objective.positive_weight + negatives)
            B = infonce_origin(A0, C, objective.temperature, objective.repulsion, share)
        case VICReg():
            B = vicreg_origin(A0, C, objective.invariance, objective.variance, VICReg.epsilon, D)
        case SpectralContrastive():
            mean = x.mean((0, 1)).cpu().numpy()
            B = spectral_origin(A0 + mean[:, None] * mean)
        case _:
            B = barlow_origin(A0, BarlowTwins.epsilon)
    modes = modes_of(decayed_origin(B, decay))
    return {
        "largest": float(modes.eigenvalues[0]),
        "growing": modes.surviving,
        "between": float(A0.trace()),
        "within": float(C.trace()),
        "decay": decay,
    }


def has_origin(objective: Objective) -> bool:
    """Whether theory tells of the objective's landscape around the origin.

    It does not of one that normalises embeddings, which has no value there, nor of those that NOTES 3 does not list.
    """
    if isinstance(objective, InfoNCE):
        return objective.similarity == "euclidean"
    return isinstance(objective, VICReg | SpectralContrastive | BarlowTwins)


def _covariances(x: Float64[Tensor, "K P d"]) -> tuple[Float64[Tensor, "d d"], Float64[Tensor, "d d"]]:
    """A0, as the mean covariance of two views of a sample, and C, as half that of their difference; both unbiased."""
    K, P = x.shape[:2]
    centred = x - x.mean(1, keepdim=True)
    total, rows = centred.sum(0), centred.flatten(0, 1)
    between = (total.mT @ total - rows.mT @ rows) / (K * (K - 1) * (P - 1))
    apart = (x - x.mean(0)).flatten(0, 1)
    return between, apart.mT @ apart / (P * (K - 1))
