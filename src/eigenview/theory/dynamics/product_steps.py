"""Projected descent itself, as steps of W = W2ᵀW1 alone, whatever the width."""

from math import isfinite

import numpy as np
from jaxtyping import Float, Float64

from eigenview.theory.dynamics.trajectory import Trajectory, losses_of
from eigenview.theory.matrices import symmetric

_ONE = 1e-12  # a singular value this near 1 is 1: it stays so, where rounding alone would take it away
_ABOVE_ONE = 1e-6


def product_descent(
    C: Float[np.ndarray, "d d"], W: Float[np.ndarray, "z d"], rate: float, steps: int, every: int = 1
) -> Trajectory:
    """W of `projected_descent` after each step, exact at any rate, for every width that has room for W.

    With orthonormal columns, both layers' Gram matrices before they are brought back are functions of W alone,
    M1 = I − 2η(WᵀWC + CWᵀW) + 4η²CWᵀWC and M2 = I − 4ηWCWᵀ + 4η²WC²Wᵀ, and a step is
    W ← M2^(−½)(W − 4ηWC + 4η²WCWᵀWC)M1^(−½). M1 − I has a rank of 2z, so that a step costs O(z²d).

    Args:
        C: symmetric.
        W: to start from, W2ᵀW1 of orthonormal columns, as at any width of d or more; no singular value is above 1.
        rate: η, positive.
        steps: how many.
        every: steps between those that are kept; the last one always is.

    Raises:
        ValueError: matrices that do not fit or are not finite, a singular value above 1, a rate or a number of steps
            out of range, a step to weights that have no nearest orthonormal ones.

    Source: derived for this project from dynamics, Eqs. 8 and 11; `flow` is its limit for small rates.
    """
    C, W = symmetric(C, "C"), np.asarray(W, dtype=np.float64)
    _check(C, W, rate, steps, every)
    eigenvalues, axes = np.linalg.eigh(C)
    U = W @ axes
    kept = {0: U}
    for step in range(1, steps + 1):
        with np.errstate(over="ignore", invalid="ignore"):
            U = _step(U, eigenvalues, rate)
        if step % every == 0 or step == steps:
            kept[step] = U
    path = np.stack([*kept.values()]) @ axes.T
    return Trajectory(rate * np.array([*kept], dtype=np.float64), path, losses_of(path, C))


def _step(U: Float64[np.ndarray, "z d"], eigenvalues: Float64[np.ndarray, "d"], rate: float) -> np.ndarray:
    one, of_U = np.eye(len(U)), 2 * rate * U * eigenvalues
    S = of_U @ U.T
    stepped = U - 2 * of_U + S @ of_U
    second = _inverse_root(one - 2 * S + of_U @ of_U.T)
    # M1 = I + Y[[0, −I], [−I, I]]Yᵀ, of which all but I is in the span of Y.
    span, R = np.linalg.qr(np.vstack([U, of_U]).T)
    first = _inverse_root(np.eye(len(R)) + R @ np.block([[0 * one, -one], [-one, one]]) @ R.T)
    stepped = stepped + (stepped @ span) @ (first - np.eye(len(R))) @ span.T
    left, singular, right = np.linalg.svd(second @ stepped, full_matrices=False)
    return (left * np.where(singular > 1 - _ONE, 1.0, singular)) @ right


def _inverse_root(M: Float64[np.ndarray, "n n"]) -> Float64[np.ndarray, "n n"]:
    if not np.isfinite(M).all():
        raise ValueError("a step overflowed: take a smaller rate")
    squares, axes = np.linalg.eigh((M + M.T) / 2)
    if squares[0] <= 1e-12 * squares[-1]:
        raise ValueError("a step made columns dependent, to rounding: there are no nearest orthonormal ones")
    return (axes / np.sqrt(squares)) @ axes.T


def _check(C: np.ndarray, W: np.ndarray, rate: float, steps: int, every: int) -> None:
    if W.ndim != 2 or W.shape[1] != len(C) or not W.size or not np.isfinite(W).all():
        raise ValueError(f"W must be finite, and [z, d] with the d of C, {len(C)}; it is of shape {W.shape}")
    largest = float(np.linalg.norm(W, 2))
    if largest > 1 + _ABOVE_ONE:
        raise ValueError(f"orthonormal layers give no singular value above 1, and W has {largest:.6g}")
    if not (isfinite(rate) and rate > 0 and steps >= 0 and every >= 1):
        raise ValueError(f"rate must be positive, steps 0 or more, every 1 or more, not {rate}, {steps} and {every}")
