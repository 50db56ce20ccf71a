"""Σ as the metric in which the landscape is round."""

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from jaxtyping import Float64

_SINGULAR = 1e-12  # of Σ's largest eigenvalue: below it a direction has no variance
_LEFT = 1e-9  # of a matrix's largest number: what may be left of it where Σ has no variance


@dataclass(frozen=True)
class Modes:
    """A symmetric matrix in the metric of Σ: its generalised eigenvalues λ, and directions g with gᵀΣg = 1.

    Args:
        eigenvalues: λ of MG = ΣGΛ, largest first; as many as Σ has rank.
        directions: G, a column each.
    """

    eigenvalues: Float64[np.ndarray, "m"]
    directions: Float64[np.ndarray, "d m"]


def generalized_modes(sigma: Float64[np.ndarray, "d d"], M: Float64[np.ndarray, "d d"], part: bool = False) -> Modes:
    """The modes of a symmetric matrix M in the metric of Σ, which may be singular.

    Args:
        sigma: Σ, a covariance.
        M: what of L is of second order: minus the loss.
        part: whether M is minus a part of Σ, or falls further: where Σ has no variance M then has no gain, and what
            it seems to have is rounding of Σ, however small M is.

    Raises:
        ValueError: where Σ has no variance, M has a gain, or is coupled to the rest: nothing then bounds the loss.
    """
    variances, axes = scipy.linalg.eigh(sigma)
    there = variances > _SINGULAR * max(variances[-1], 0.0)
    null, scale = axes[:, ~there], np.abs(M).max()
    if null.size and not part:
        within, across = null.T @ M @ null, null.T @ M @ axes[:, there]
        gain = float(np.linalg.eigvalsh(within)[-1])
        if gain > _LEFT * scale or np.abs(across).max(initial=0.0) > _LEFT * scale:
            raise ValueError(
                f"Σ = A0 + C has no variance in {null.shape[1]} directions where B is not zero: "
                "the loss has no minimum; B must vanish where Σ does"
            )
    whitened = axes[:, there] / np.sqrt(variances[there])
    eigenvalues, rotation = scipy.linalg.eigh(whitened.T @ M @ whitened)
    return Modes(eigenvalues[::-1].copy(), (whitened @ rotation)[:, ::-1])
