"""Gradient descent on a linear network of two layers, brought back to a constraint after each step."""

from dataclasses import dataclass
from math import isfinite
from typing import Literal

import numpy as np
import scipy.linalg
from jaxtyping import Float, Float64

from eigenview.theory.dynamics.trajectory import Trajectory, losses_of
from eigenview.theory.matrices import symmetric

Constraint = Literal["orthonormal", "frobenius", "none"]
_ABOVE_ONE = 1e-6


@dataclass(frozen=True)
class Descent:
    """A descent, and where it ended.

    Args:
        trajectory: of W = W2ᵀW1.
        W1: the first layer's weight at the end.
        W2: the second's, transposed.
    """

    trajectory: Trajectory
    W1: Float64[np.ndarray, "h d"]
    W2: Float64[np.ndarray, "h z"]


def projected_descent(
    C: Float[np.ndarray, "d d"],
    W1: Float[np.ndarray, "h d"],
    W2: Float[np.ndarray, "h z"],
    rate: float,
    steps: int,
    constraint: Constraint = "orthonormal",
    every: int = 1,
) -> Descent:
    """Steps W_i ← W_i − η∇_i of L = Tr W2ᵀW1CW1ᵀW2, both at once, each followed by the nearest weights that may be.

    `orthonormal` columns, W1ᵀW1 = I and W2ᵀW2 = I, are the paper's; where W1 has fewer rows than columns, its rows are
    orthonormal instead, which is another problem than that of the flows. `frobenius` holds ‖W_i‖ at 1. A step costs
    O(hd²) operations.

    Args:
        C: symmetric.
        W1: the first layer's weight to start from; it may violate the constraint, and is then brought to it.
        W2: the second layer's, transposed: f(x) = W2ᵀW1x.
        rate: η, positive.
        steps: how many.
        constraint: what weights are brought back to.
        every: steps between those that are kept; the last one always is.

    Raises:
        ValueError: matrices that do not fit, or are not finite; a constraint that weights cannot meet; divergence.

    Source: dynamics, Eqs. 8 and 11 and Props. 1 and 2, after NOTES 4.
    """
    C, W1, W2 = symmetric(C, "C"), np.asarray(W1, dtype=np.float64), np.asarray(W2, dtype=np.float64)
    _check(C, W1, W2, rate, steps, every)
    if constraint == "orthonormal" and W2.shape[0] < W2.shape[1]:
        raise ValueError(f"W2 has {W2.shape[1]} columns, more than a width of {W2.shape[0]} can keep orthonormal")
    W1, W2 = brought_back(W1, constraint), brought_back(W2, constraint)
    kept = {0: W2.T @ W1}
    for step in range(1, steps + 1):
        with np.errstate(over="ignore", invalid="ignore"):
            W = W2.T @ W1
            WC = W @ C
            W1, W2 = W1 - 2 * rate * W2 @ WC, W2 - 2 * rate * W1 @ WC.T
        if not (np.isfinite(W1).all() and np.isfinite(W2).all()):
            raise ValueError(f"the descent diverged at step {step}: take a smaller rate than {rate}, or a constraint")
        W1, W2 = brought_back(W1, constraint), brought_back(W2, constraint)
        if step % every == 0 or step == steps:
            with np.errstate(over="ignore", invalid="ignore"):
                kept[step] = W2.T @ W1
    W = np.stack([*kept.values()])
    return Descent(Trajectory(rate * np.array([*kept], dtype=np.float64), W, losses_of(W, C)), W1, W2)


def brought_back(
    weight: Float64[np.ndarray, "h n"], constraint: Constraint = "orthonormal"
) -> Float64[np.ndarray, "h n"]:
    """The nearest weight that meets the constraint.

    Orthonormal columns are those of the polar factor; of rows, if there are fewer of them.

    Args:
        weight: not 0; for `orthonormal`, of full rank, which is a ratio of singular values above 1e-12.
        constraint: what to meet.

    Raises:
        ValueError: an unknown constraint, a weight that is not finite, or one that has no nearest one.
    """
    if constraint not in ("orthonormal", "frobenius", "none"):
        raise ValueError(f"constraint must be orthonormal, frobenius or none, not '{constraint}'")
    if not np.isfinite(weight).all():
        raise ValueError("weights are not finite")
    if constraint == "none":
        return weight
    if not weight.any():
        raise ValueError("weights are 0: none that meets the constraint is nearest")
    weight = weight / np.abs(weight).max()  # or the squares of very small and of very large numbers would be lost
    if constraint == "frobenius":
        return weight / np.linalg.norm(weight)
    wide = weight.shape[0] < weight.shape[1]
    tall = weight.T if wide else weight
    # By the Gram matrix, a hundredth of an SVD's cost, where columns are near enough to orthonormal to lose nothing.
    squares, axes = scipy.linalg.eigh(tall.T @ tall)
    if squares[0] > 1e-3 * squares[-1]:
        back = tall @ ((axes / np.sqrt(squares)) @ axes.T)
    else:
        left, singular, right = scipy.linalg.svd(tall, full_matrices=False)
        if singular[-1] <= 1e-12 * singular[0]:
            raise ValueError("weights have dependent columns: there is no nearest orthonormal one")
        back = left @ right
    return back.T if wide else back


def lifted(W: Float[np.ndarray, "z d"], h: int) -> tuple[Float64[np.ndarray, "h d"], Float64[np.ndarray, "h z"]]:
    """Orthonormal W1 and W2 with W2ᵀW1 = W.

    Args:
        W: with no singular value above 1.
        h: width, at least d + z − r, where r singular values are 1.

    Raises:
        ValueError: W that is no matrix, not finite, or has a singular value above 1; too small a width.

    Source: dynamics, Prop. 3, whose condition on the width NOTES 4 adds.
    """
    W = np.asarray(W, dtype=np.float64)
    if W.ndim != 2 or not W.size or not np.isfinite(W).all():
        raise ValueError(f"W must be finite, and [z, d]; it is of shape {W.shape}")
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


def _check(C: np.ndarray, W1: np.ndarray, W2: np.ndarray, rate: float, steps: int, every: int) -> None:
    if W1.ndim != 2 or W2.ndim != 2 or W1.shape[1] != len(C) or W1.shape[0] != W2.shape[0] or not W2.size:
        raise ValueError(f"C {C.shape}, W1 {W1.shape} and W2 {W2.shape} do not fit: W1 is [h, d], W2 [h, z]")
    if not (np.isfinite(W1).all() and np.isfinite(W2).all()):
        raise ValueError("W1 or W2 is not finite")
    if not (isfinite(rate) and rate > 0 and steps >= 0 and every >= 1):
        raise ValueError(f"rate must be positive, steps 0 or more, every 1 or more, not {rate}, {steps} and {every}")
