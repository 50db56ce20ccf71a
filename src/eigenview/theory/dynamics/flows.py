"""The flow of the end-to-end map W that projected gradient descent follows for small steps, whatever the width."""

from collections.abc import Callable
from math import isfinite
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64
from scipy.integrate import solve_ivp

from eigenview.theory.dynamics.trajectory import Trajectory, increasing, quadratic_losses
from eigenview.theory.matrices import symmetric

Kind = Literal["derived", "printed"]
_NEAR_ONE = 1e-6
_MOST_PRECISE = 1e-13


def flow(
    C: Float[np.ndarray, "d d"],
    W: Float[np.ndarray, "z d"],
    times: Float[np.ndarray, "T"],
    kind: Kind = "derived",
    precision: float = 1e-8,
) -> Trajectory:
    """W over time with orthonormal layers, in the limit of infinitely small steps.

    `derived` is the limit of `projected_gradient_descent`, Ẇ = −[4WC − 3WCWᵀW − WWᵀWC]; `printed` is twice the paper's
    (9), Ẇ = −[4WC − 2WCWᵀW − 2WWᵀWC], which is not that limit but ends at the same loss. In the eigenbasis V of C,
    with U = WV, both are U̇ = −[4UΛ − aUΛUᵀU − bUUᵀUΛ]: a step costs O(z²d), whatever the width h, and after one
    eigendecomposition of C no d × d matrix is needed. Integrated adaptively (Dormand–Prince, order 8).

    A singular value of 1 stays 1 for every C. Values within 1e-6 of 1 count as 1 and are kept there: where C is
    positive, rounding alone would let them drift away.

    Args:
        C: symmetric.
        W: initial end-to-end map W2ᵀW1 without a singular value above 1.
        times: increasing and nonnegative; W is at time 0. A step of gradient descent takes a time equal to its rate.
        kind: which flow.
        precision: relative error of each integration step, from 1e-13 to 0.01.

    Raises:
        ValueError: shapes do not match, a matrix is not finite, W has a singular value above 1, times do not increase,
            precision is out of range, or the integration failed.

    Source: dynamics, Thm. 2, Eq. 9, reconstructed in NOTES 4; the limit is derived there.
    """
    C, W, times = symmetric(C, "C"), np.asarray(W, dtype=np.float64), increasing(times)
    ones = int((_singular_values(W, C) > 1 - _NEAR_ONE).sum())
    if not _MOST_PRECISE <= precision <= 0.01:
        raise ValueError(f"precision must be from {_MOST_PRECISE} to 0.01, not {precision}")
    eigenvalues, axes = np.linalg.eigh(C)
    # In units of the largest eigenvalue, so that no scale of C overflows.
    size = float(np.abs(eigenvalues).max()) or 1.0
    slope, start = _slope(eigenvalues / size, kind), W @ axes

    def flat(_: float, u: Float64[np.ndarray, "zd"]) -> Float64[np.ndarray, "zd"]:
        U = u.reshape(start.shape)
        # I − WWᵀ grows at a rate of at most 8: pulling back at that rate removes the error of integration.
        return (slope(U) + 8 * _towards_one(U, ones) if ones else slope(U)).ravel()

    if times[-1] == 0:
        return Trajectory(times, W[None], quadratic_losses(W[None], C))
    least = precision * 1e-2 * (np.abs(start).max() or 1.0)
    at = size * times
    found = solve_ivp(flat, (0.0, at[-1]), start.ravel(), method="DOP853", t_eval=at, rtol=precision, atol=least)
    if not found.success:
        raise ValueError(f"the flow could not be integrated: {found.message}")
    W = found.y.T.reshape(len(times), *start.shape) @ axes.T
    return Trajectory(times, W, quadratic_losses(W, C))


def euler_steps(
    C: Float[np.ndarray, "d d"], W: Float[np.ndarray, "z d"], rate: float, steps: int, kind: Kind = "printed"
) -> Trajectory:
    """The flow integrated by Euler steps of a fixed size, as in the paper.

    Singular values of 1 are not kept there: each step increases them by its square, and where C is positive that grows.

    Args:
        C: symmetric.
        W: initial end-to-end map.
        rate: time that a step takes.
        steps: number of steps.
        kind: which flow.

    Raises:
        ValueError: shapes do not match, a matrix is not finite, rate is not positive, or steps diverge.

    Source: dynamics, Eq. 12, after NOTES 4.
    """
    C, W = symmetric(C, "C"), np.asarray(W, dtype=np.float64)
    _singular_values(W, C)
    if not (isfinite(rate) and rate > 0 and steps >= 0):
        raise ValueError(f"rate must be positive and steps at least 0, not {rate} and {steps}")
    eigenvalues, axes = np.linalg.eigh(C)
    slope, U = _slope(eigenvalues, kind), [W @ axes]
    for step in range(steps):
        with np.errstate(over="ignore", invalid="ignore"):
            U.append(U[-1] + rate * slope(U[-1]))
        if not np.isfinite(U[-1]).all():
            raise ValueError(f"Euler steps diverged at step {step + 1}: use a rate below {rate}")
    W = np.stack(U) @ axes.T
    return Trajectory(rate * np.arange(steps + 1.0), W, quadratic_losses(W, C))


def _slope(
    eigenvalues: Float64[np.ndarray, "d"], kind: Kind
) -> Callable[[Float64[np.ndarray, "z d"]], Float64[np.ndarray, "z d"]]:
    if kind not in ("derived", "printed"):
        raise ValueError(f"kind must be derived or printed, not '{kind}'")
    a, b = (3.0, 1.0) if kind == "derived" else (2.0, 2.0)

    def slope(U: Float64[np.ndarray, "z d"]) -> Float64[np.ndarray, "z d"]:
        of_U = U * eigenvalues
        return -4 * of_U + a * (of_U @ U.T) @ U + b * (U @ U.T) @ of_U

    return slope


def _towards_one(U: Float64[np.ndarray, "z d"], ones: int) -> Float64[np.ndarray, "z d"]:
    """The change that brings the largest singular values to 1."""
    squares, rows = np.linalg.eigh(U @ U.T)
    largest = rows[:, -ones:]
    return (largest * (1 - squares[-ones:])) @ (largest.T @ U)


def _singular_values(W: np.ndarray, C: np.ndarray) -> Float64[np.ndarray, "r"]:
    if W.ndim != 2 or W.shape[1] != len(C) or not W.size:
        raise ValueError(f"W must be [z, d] with d = {len(C)} as in C, not {W.shape}")
    if not np.isfinite(W).all():
        raise ValueError("W is not finite")
    singular = np.linalg.svd(W, compute_uv=False)
    if singular[0] > 1 + _NEAR_ONE:
        raise ValueError(f"W of orthonormal layers has no singular value above 1, but this one has {singular[0]:.8g}")
    return singular
