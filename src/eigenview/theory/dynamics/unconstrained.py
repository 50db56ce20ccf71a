"""Gradient flow without a constraint: all outputs learn the same direction, and the map tends to rank one."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from eigenview.theory.matrices import symmetric


@dataclass(frozen=True)
class UnconstrainedTrajectory:
    """A linear map over time, as its length and its direction.

    Args:
        times: a step of gradient descent takes a time equal to its learning rate.
        directions: W/‖W‖.
        log_norms: log ‖W‖, which grows without bound where C has a negative eigenvalue.
    """

    times: Float64[np.ndarray, "T"]
    directions: Float64[np.ndarray, "T z d"]
    log_norms: Float64[np.ndarray, "T"]


def unconstrained_flow(
    C: Float[np.ndarray, "d d"], W: Float[np.ndarray, "z d"], times: Float[np.ndarray, "T"]
) -> UnconstrainedTrajectory:
    """W over time under Ẇ = −2WC, that is W exp(−2Ct): every output tends to the eigenvector of the least eigenvalue.

    The limit is a map of rank one, unless the least eigenvalue is repeated. `directions` alone follow the flow that
    keeps ‖W‖ = 1 (Frobenius), which has the same limit.

    Args:
        C: symmetric.
        W: initial map, not 0.
        times: nonnegative.

    Raises:
        ValueError: shapes do not match, a matrix is not finite, W is 0, or times are negative, not finite or too long.

    Source: dynamics, Props. 1 and 2, after NOTES 4.
    """
    C, W, times = symmetric(C, "C"), np.asarray(W, dtype=np.float64), np.asarray(times, dtype=np.float64)
    if W.ndim != 2 or W.shape[1] != len(C) or not np.isfinite(W).all() or not W.any():
        raise ValueError(f"W must be finite, not 0, and [z, d] with d = {len(C)} as in C; its shape is {W.shape}")
    if times.ndim != 1 or not np.isfinite(times).all() or (times < 0).any():
        raise ValueError("times must be finite and nonnegative")
    eigenvalues, axes = np.linalg.eigh(C)
    size = np.abs(W).max()
    start = W / size @ axes
    # The fastest growth and the largest entry at each time are factored out of exponents: nothing over- or underflows.
    fastest = eigenvalues[start.any(0)].min()
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        grown = -2 * np.multiply.outer(times, np.maximum(eigenvalues - fastest, 0.0))[:, None, :]
        exponents = np.log(np.abs(start)) + grown
        largest = exponents.max((1, 2))
        left = np.sign(start) * np.exp(exponents - largest[:, None, None])
        norms = np.linalg.norm(left, axis=(1, 2))
        log_norms = np.log(size) + np.log(norms) + largest - 2 * fastest * times
    if not np.isfinite(log_norms).all():
        raise ValueError("times are too long: even log ‖W‖ overflows")
    return UnconstrainedTrajectory(times, left @ axes.T / norms[:, None, None], log_norms)
