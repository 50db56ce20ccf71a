"""Generalized eigenvalues of a symmetric matrix in the metric of Σ, which may be singular."""

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from jaxtyping import Float64

_SINGULAR = 1e-12  # relative to the largest eigenvalue of Σ: below it a direction has no variance
_LEFT = 1e-9  # relative to the largest entry of M: rounding where Σ has no variance


@dataclass(frozen=True)
class GeneralizedEigenmodes:
    """Generalized eigenvalues λ of a symmetric matrix M in the metric of Σ, and directions g with gᵀΣg = 1.

    Args:
        eigenvalues: λ of MG = ΣGΛ, largest first; as many as the matrix rank of Σ.
        directions: G, one column each.
    """

    eigenvalues: Float64[np.ndarray, "m"]
    directions: Float64[np.ndarray, "d m"]


def generalized_eigenmodes(
    sigma: Float64[np.ndarray, "d d"], M: Float64[np.ndarray, "d d"], within_sigma: bool = False
) -> GeneralizedEigenmodes:
    """The generalized eigenmodes of a symmetric matrix M in the metric of Σ, which may be singular.

    Args:
        sigma: Σ, a covariance.
        M: minus the second order of a loss.
        within_sigma: whether −M is, by construction, at least a part of Σ. Where Σ has no variance, any gain of M is
            then a rounding error of Σ, however small M is.

    Raises:
        ValueError: where Σ has no variance, M has a gain or is coupled to the rest, so that the loss is unbounded.
    """
    variances, axes = scipy.linalg.eigh(sigma)
    present = variances > _SINGULAR * max(variances[-1], 0.0)
    null, scale = axes[:, ~present], np.abs(M).max()
    if null.size and not within_sigma:
        within, across = null.T @ M @ null, null.T @ M @ axes[:, present]
        gain = float(np.linalg.eigvalsh(within)[-1])
        if gain > _LEFT * scale or np.abs(across).max(initial=0.0) > _LEFT * scale:
            raise ValueError(
                f"Σ = A0 + C has no variance in {null.shape[1]} directions where B is not zero: "
                "the loss has no minimum, since B must vanish where Σ does"
            )
    whitened = axes[:, present] / np.sqrt(variances[present])
    eigenvalues, rotation = scipy.linalg.eigh(whitened.T @ M @ whitened)
    return GeneralizedEigenmodes(eigenvalues[::-1].copy(), (whitened @ rotation)[:, ::-1])
