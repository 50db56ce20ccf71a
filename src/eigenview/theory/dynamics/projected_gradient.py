"""Projected gradient descent on a linear network of two layers, layer by layer or for its end-to-end map alone."""

from dataclasses import dataclass
from math import isfinite
from typing import Literal

import numpy as np
import scipy.linalg
from jaxtyping import Float, Float64

from eigenview.theory.dynamics.trajectory import Trajectory, quadratic_losses
from eigenview.theory.matrices import symmetric

Constraint = Literal["orthonormal", "frobenius", "none"]
_NEAR_ONE = 1e-12  # a singular value this near 1 counts as 1: rounding alone would let it drift away
_ABOVE_ONE = 1e-6


@dataclass(frozen=True)
class DescentResult:
    """The trajectory and the final weights of a descent.

    Args:
        trajectory: of the end-to-end map W = W2ᵀW1.
        W1: final weight of the first layer.
        W2: final weight of the second layer, transposed.
    """

    trajectory: Trajectory
    W1: Float64[np.ndarray, "h d"]
    W2: Float64[np.ndarray, "h z"]


def projected_gradient_descent(
    C: Float[np.ndarray, "d d"],
    W1: Float[np.ndarray, "h d"],
    W2: Float[np.ndarray, "h z"],
    rate: float,
    steps: int,
    constraint: Constraint = "orthonormal",
    every: int = 1,
) -> DescentResult:
    """Simultaneous steps W_i ← W_i − η∇_i of L = Tr W2ᵀW1CW1ᵀW2, each followed by projection onto the constraint.

    The paper's constraint is `orthonormal` columns, W1ᵀW1 = I and W2ᵀW2 = I (the Stiefel manifold). If W1 has fewer
    rows than columns, its rows are orthonormal instead, a different problem from that of the flows. `frobenius` keeps
    ‖W_i‖ = 1. A step costs O(hd²) operations.

    Args:
        C: symmetric.
        W1: initial weight of the first layer; it is projected first, so it may violate the constraint.
        W2: initial weight of the second layer, transposed: f(x) = W2ᵀW1x.
        rate: learning rate η, positive.
        steps: number of steps.
        constraint: set that weights are projected onto.
        every: steps between recorded ones; the last step is always recorded.

    Raises:
        ValueError: shapes do not match, a matrix is not finite, weights cannot satisfy the constraint, or the descent
            diverges.

    Source: dynamics, Eqs. 8 and 11 and Props. 1 and 2, after NOTES 4.
    """
    C, W1, W2 = symmetric(C, "C"), np.asarray(W1, dtype=np.float64), np.asarray(W2, dtype=np.float64)
    _check_layers(C, W1, W2)
    _check_steps(rate, steps, every)
    if constraint == "orthonormal" and W2.shape[0] < W2.shape[1]:
        raise ValueError(
            f"W2 has {W2.shape[1]} columns; at width {W2.shape[0]} at most {W2.shape[0]} can be orthonormal"
        )
    W1, W2 = (project_onto_constraint(W, constraint) for W in (W1, W2))
    kept = {0: W2.T @ W1}
    for step in range(1, steps + 1):
        with np.errstate(over="ignore", invalid="ignore"):
            W = W2.T @ W1
            WC = W @ C
            W1, W2 = W1 - 2 * rate * W2 @ WC, W2 - 2 * rate * W1 @ WC.T
        if not (np.isfinite(W1).all() and np.isfinite(W2).all()):
            raise ValueError(f"the descent diverged at step {step}: use a rate below {rate}, or a constraint")
        W1, W2 = (project_onto_constraint(W, constraint) for W in (W1, W2))
        if step % every == 0 or step == steps:
            with np.errstate(over="ignore", invalid="ignore"):
                kept[step] = W2.T @ W1
    W = np.stack([*kept.values()])
    return DescentResult(Trajectory(rate * np.array([*kept], dtype=np.float64), W, quadratic_losses(W, C)), W1, W2)


def end_to_end_descent(
    C: Float[np.ndarray, "d d"], W: Float[np.ndarray, "z d"], rate: float, steps: int, every: int = 1
) -> Trajectory:
    """The end-to-end map W of `projected_gradient_descent` after each step: exact at any rate and any sufficient width.

    With orthonormal columns, the Gram matrices of both layers before projection are functions of W alone,
    M1 = I − 2η(WᵀWC + CWᵀW) + 4η²CWᵀWC and M2 = I − 4ηWCWᵀ + 4η²WC²Wᵀ, and a step is
    W ← M2^(−½)(W − 4ηWC + 4η²WCWᵀWC)M1^(−½). M1 − I has matrix rank 2z, so a step costs O(z²d).

    Args:
        C: symmetric.
        W: initial W2ᵀW1 of layers with orthonormal columns, so of a width of at least d; no singular value above 1.
        rate: learning rate η, positive.
        steps: number of steps.
        every: steps between recorded ones; the last step is always recorded.

    Raises:
        ValueError: shapes do not match, a matrix is not finite, W has a singular value above 1, rate, steps or every is
            out of range, or a step leads to weights without a unique projection.

    Source: derived for this project from dynamics, Eqs. 8 and 11; `flow` is its limit for small rates.
    """
    C, W = symmetric(C, "C"), np.asarray(W, dtype=np.float64)
    _check_end_to_end(C, W)
    _check_steps(rate, steps, every)
    eigenvalues, axes = np.linalg.eigh(C)
    U = W @ axes
    kept = {0: U}
    for step in range(1, steps + 1):
        with np.errstate(over="ignore", invalid="ignore"):
            U = _end_to_end_step(U, eigenvalues, rate)
        if step % every == 0 or step == steps:
            kept[step] = U
    path = np.stack([*kept.values()]) @ axes.T
    return Trajectory(rate * np.array([*kept], dtype=np.float64), path, quadratic_losses(path, C))


def project_onto_constraint(
    weight: Float64[np.ndarray, "h n"], constraint: Constraint = "orthonormal"
) -> Float64[np.ndarray, "h n"]:
    """The nearest weight that satisfies the constraint, in the Frobenius norm.

    For `orthonormal`, the projection onto the Stiefel manifold, it is the polar factor, with orthonormal rows if the
    weight has fewer rows than columns.

    Args:
        weight: not 0; for `orthonormal` of full rank, with singular values within a factor of 1e12.
        constraint: set to project onto.

    Raises:
        ValueError: the constraint is unknown, or the weight is not finite or has no unique projection.
    """
    if constraint not in ("orthonormal", "frobenius", "none"):
        raise ValueError(f"constraint must be orthonormal, frobenius or none, not '{constraint}'")
    if not np.isfinite(weight).all():
        raise ValueError("weights are not finite")
    if constraint == "none":
        return weight
    if not weight.any():
        raise ValueError("weights are 0: their projection onto the constraint is not unique")
    weight = weight / np.abs(weight).max()  # squares of very small and very large numbers would under- or overflow
    if constraint == "frobenius":
        return weight / np.linalg.norm(weight)
    wide = weight.shape[0] < weight.shape[1]
    tall = weight.T if wide else weight
    # The Gram matrix costs a hundredth of an SVD, and loses no precision where columns are close to orthonormal.
    squares, axes = scipy.linalg.eigh(tall.T @ tall)
    if squares[0] > 1e-3 * squares[-1]:
        back = tall @ ((axes / np.sqrt(squares)) @ axes.T)
    else:
        left, singular, right = scipy.linalg.svd(tall, full_matrices=False)
        if singular[-1] <= 1e-12 * singular[0]:
            raise ValueError("weights have linearly dependent columns: their orthonormal projection is not unique")
        back = left @ right
    return back.T if wide else back


def orthonormal_factors(
    W: Float[np.ndarray, "z d"], h: int
) -> tuple[Float64[np.ndarray, "h d"], Float64[np.ndarray, "h z"]]:
    """Layers W1 and W2 with orthonormal columns and the end-to-end map W2ᵀW1 = W.

    Args:
        W: end-to-end map without a singular value above 1.
        h: width, at least d + z − r, where r singular values are 1.

    Raises:
        ValueError: W is not a finite matrix or has a singular value above 1, or the width is too small.

    Source: dynamics, Prop. 3, whose condition on the width NOTES 4 adds.
    """
    W = np.asarray(W, dtype=np.float64)
    if W.ndim != 2 or not W.size or not np.isfinite(W).all():
        raise ValueError(f"W must be finite and [z, d]; its shape is {W.shape}")
    z, d = W.shape
    squares, axes = np.linalg.eigh(np.eye(z) - W @ W.T)
    largest = np.sqrt(1 - squares[0])
    if largest > 1 + _ABOVE_ONE:
        raise ValueError(f"W has a singular value above 1: {largest:.8g}")
    missing = squares > 1e-12
    needed = d + int(missing.sum())
    if h < needed:
        raise ValueError(f"W needs a width of at least {needed}, not {h}")
    W1, W2 = np.eye(h, d), np.zeros((h, z))
    W2[:d] = W.T
    W2[d:needed] = (axes[:, missing] * np.sqrt(squares[missing])).T
    return W1, W2


def _end_to_end_step(U: Float64[np.ndarray, "z d"], eigenvalues: Float64[np.ndarray, "d"], rate: float) -> np.ndarray:
    one, of_U = np.eye(len(U)), 2 * rate * U * eigenvalues
    S = of_U @ U.T
    stepped = U - 2 * of_U + S @ of_U
    second = _inverse_square_root(one - 2 * S + of_U @ of_U.T)
    # M1 = I + Y[[0, −I], [−I, I]]Yᵀ: M1 − I acts on the span of Y only.
    span, R = np.linalg.qr(np.vstack([U, of_U]).T)
    first = _inverse_square_root(np.eye(len(R)) + R @ np.block([[0 * one, -one], [-one, one]]) @ R.T)
    stepped = stepped + (stepped @ span) @ (first - np.eye(len(R))) @ span.T
    left, singular, right = np.linalg.svd(second @ stepped, full_matrices=False)
    return (left * np.where(singular > 1 - _NEAR_ONE, 1.0, singular)) @ right


def _inverse_square_root(M: Float64[np.ndarray, "n n"]) -> Float64[np.ndarray, "n n"]:
    if not np.isfinite(M).all():
        raise ValueError("a step overflowed: use a smaller rate")
    squares, axes = np.linalg.eigh((M + M.T) / 2)
    if squares[0] <= 1e-12 * squares[-1]:
        raise ValueError(
            "a step made columns linearly dependent, to within rounding: their orthonormal projection is not unique"
        )
    return (axes / np.sqrt(squares)) @ axes.T


def _check_layers(C: np.ndarray, W1: np.ndarray, W2: np.ndarray) -> None:
    if W1.ndim != 2 or W2.ndim != 2 or W1.shape[1] != len(C) or W1.shape[0] != W2.shape[0] or not W2.size:
        raise ValueError(f"shapes of C {C.shape}, W1 {W1.shape} and W2 {W2.shape} must be [d, d], [h, d] and [h, z]")
    if not (np.isfinite(W1).all() and np.isfinite(W2).all()):
        raise ValueError("W1 or W2 is not finite")


def _check_end_to_end(C: np.ndarray, W: np.ndarray) -> None:
    if W.ndim != 2 or W.shape[1] != len(C) or not W.size or not np.isfinite(W).all():
        raise ValueError(f"W must be finite and [z, {len(C)}], with as many columns as C; its shape is {W.shape}")
    largest = float(np.linalg.norm(W, 2))
    if largest > 1 + _ABOVE_ONE:
        raise ValueError(f"W of orthonormal layers has no singular value above 1, but this one has {largest:.6g}")


def _check_steps(rate: float, steps: int, every: int) -> None:
    if not (isfinite(rate) and rate > 0 and steps >= 0 and every >= 1):
        raise ValueError(f"rate must be positive, steps at least 0, every at least 1, not {rate}, {steps} and {every}")
