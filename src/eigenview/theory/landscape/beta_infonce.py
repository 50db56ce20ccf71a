"""β-InfoNCE of a linear layer on Gaussian data, solved for the population and to all orders."""

from dataclasses import dataclass
from math import inf, isfinite

import numpy as np
from jaxtyping import Float, Float64

from eigenview.theory.landscape.generalized_eigen import generalized_eigenmodes
from eigenview.theory.landscape.stationary_point import StationaryPoint
from eigenview.theory.matrices import EIGENVALUE_ROUNDING, covariance, layer, same_size, significant


@dataclass(frozen=True, kw_only=True)
class BetaInfoNCESolution(StationaryPoint):
    """The minimum by modes; a mode is inf where augmentation adds no noise, and the loss is then unbounded below.

    Args:
        noise_shares: r = c/(a + c) of each mode, smallest first; with weight decay γ, (c + τγ)/(a + c) along shared
            axes. A mode survives iff r < β.
        nats: divergence of the negatives near an anchor from all negatives, ½ Σ[log(1 + s) − s/(1 + s) + s²/(1 + s)²]:
            their share of a batch is about exp(−nats), so a batch of size P resolves at most about log P.
    """

    noise_shares: Float64[np.ndarray, "m"]
    nats: float


def solve_beta_infonce(
    A0: Float[np.ndarray, "d d"] | Float[np.ndarray, "d"],
    C: Float[np.ndarray, "d d"] | Float[np.ndarray, "d"],
    beta: float = 1.0,
    D: int | None = None,
    decay: float = 0.0,
    temperature: float = 1.0,
) -> BetaInfoNCESolution:
    """The W that minimizes E[½‖f − f′‖²/τ + β log E_χ exp(−½‖f − f_χ‖²/τ)] + γ‖W‖², with f = Wx.

    With S = WΣWᵀ/τ it is Tr WCWᵀ/τ − β[½ log det(I + S) + ½ Tr S(I + S)⁻¹] + γ‖W‖², and W ranges over the modes of C
    in the metric of Σ, whether or not A0 and C commute: s = 1/u − 1 where u = (−1 + √(1 + 8r/β))/2 < 1, else 0. β = 1
    is InfoNCE, where no mode collapses. Assumes Gaussian data and noise and infinitely many negatives; which modes
    collapse depends on the second order only, and holds for any number of negatives. A batch's repulsion is at most
    about log P: where the solution's `nats` exceed it, a batch's loss without the partner in the denominator has no
    minimum, and weights diverge (benchmarks/landscape.md has such a case).

    Args:
        A0: covariance of clean inputs; a vector is the diagonal of one.
        C: covariance that augmentation adds; likewise.
        beta: β ≥ 0.
        D: number of rows of W: at most the D modes with the smallest noise shares are present.
        decay: γ ≥ 0, half of SGD's weight decay.
        temperature: τ.

    Raises:
        ValueError: A0 or C is not a covariance, their sizes differ, or a number is out of range.

    Source: NOTES 3, derived for this project; goes beyond landscape, whose effective theory it agrees with near a
    transition (with a quartic of ¾).
    """
    A0, C = _covariances(A0, C)
    _check(beta, decay, temperature, D)
    modes = generalized_eigenmodes(A0 + C, -(C + temperature * decay * np.eye(len(C))), within_sigma=True)
    r = np.maximum(significant(-modes.eigenvalues, scale=1.0), 0.0)  # noise shares are in [0, 1]
    s = _variance(r, beta)
    s[len(s) if D is None else D :] = 0.0
    value = _loss(r, s, beta)
    return BetaInfoNCESolution(
        modes=temperature * s, directions=modes.directions, value=value, noise_shares=r, nats=nats_of_repulsion(s)
    )


def beta_infonce_loss(
    W: Float[np.ndarray, "D d"],
    A0: Float[np.ndarray, "d d"] | Float[np.ndarray, "d"],
    C: Float[np.ndarray, "d d"] | Float[np.ndarray, "d"],
    beta: float = 1.0,
    decay: float = 0.0,
    temperature: float = 1.0,
) -> float:
    """The loss that `solve_beta_infonce` minimizes, at any W; arguments are the same.

    Raises:
        ValueError: A0 or C is not a covariance, their sizes differ, a number is out of range, or W has the wrong shape.

    Source: NOTES 3. The mean over negatives is inside the log: for a sum over n of them add β log n.
    """
    A0, C = _covariances(A0, C)
    _check(beta, decay, temperature, None)
    W = layer(W, len(A0))
    S = np.linalg.eigvalsh(W @ (A0 + C) @ W.T / temperature)
    repulsion = np.log1p(S) / 2 + S / (1 + S) / 2
    return float(np.trace(W @ C @ W.T) / temperature + decay * (W * W).sum() - beta * repulsion.sum())


def nats_of_repulsion(s: Float64[np.ndarray, "m"]) -> float:
    """KL divergence, averaged over anchors f, of embeddings weighted by exp(−½‖f − f_χ‖²/τ) from all embeddings.

    Args:
        s: variances of modes over τ; embeddings are normal, and after weighting normal with variance s/(1 + s) and mean
            f·s/(1 + s).
    """
    if np.isinf(s).any():
        return inf
    kept = s / (1 + s)
    return float((np.log1p(s) - kept + kept**2).sum() / 2)


def _variance(r: Float64[np.ndarray, "m"], beta: float) -> Float64[np.ndarray, "m"]:
    """s, where r = β(u + u²)/2 at u = 1/(1 + s)."""
    if not beta:
        return np.zeros_like(r)
    with np.errstate(divide="ignore"):
        u = 4 * r / beta / (1 + np.sqrt(1 + 8 * r / beta))
        # A share within rounding of β is at the transition, where s is 0.
        return np.where(r < beta * (1 - EIGENVALUE_ROUNDING), np.maximum(1 / u - 1, 0.0), 0.0)


def _loss(r: Float64[np.ndarray, "m"], s: Float64[np.ndarray, "m"], beta: float) -> float:
    if np.isinf(s).any():
        return -inf
    return float((r * s - beta * (np.log1p(s) + s / (1 + s)) / 2).sum())


def _covariances(A0: np.ndarray, C: np.ndarray) -> tuple[Float64[np.ndarray, "d d"], Float64[np.ndarray, "d d"]]:
    A0, C = (np.diag(A) if np.ndim(A) == 1 else np.asarray(A) for A in (A0, C))
    same_size(A0=A0, C=C)
    return covariance(A0, "A0"), covariance(C, "C")


def _check(beta: float, decay: float, temperature: float, D: int | None) -> None:
    if not (isfinite(beta) and beta >= 0):
        raise ValueError(f"beta must be finite and at least 0, not {beta}")
    if not (isfinite(decay) and decay >= 0):
        raise ValueError(f"decay must be finite and at least 0, not {decay}")
    if not 0 < temperature < inf:
        raise ValueError(f"temperature must be positive and finite, not {temperature}")
    if D is not None and D < 1:
        raise ValueError(f"D must be at least 1, not {D}")
