"""Without orthogonality all outputs learn the same: a map of rank one."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from eigenview.theory.matrices import symmetric


@dataclass(frozen=True)
class Unconstrained:
    """A linear map over time, as its length and its direction.

    Args:
        times: a step of descent takes a time of its learning rate.
        directions: W/‖W‖.
        log_norms: log ‖W‖, which grows without end where C has a negative eigenvalue.
    """

    times: Float64[np.ndarray, "T"]
    directions: Float64[np.ndarray, "T z d"]
    log_norms: Float64[np.ndarray, "T"]


def unconstrained_flow(
    C: Float[np.ndarray, "d d"], W: Float[np.ndarray, "z d"], times: Float[np.ndarray, "T"]
) -> Unconstrained:
    """W over time under Ẇ = −2WC, which is W exp(−2Ct): every output ends in the least eigenvalue's direction.

    That is a map of rank one, unless the least eigenvalue is repeated. `directions` alone are the flow that holds ‖W‖
    at 1 (Frobenius), and end there too.

    Args:
        C: symmetric.
        W: to start from, not 0.
        times: 0 or more.

    Raises:
        ValueError: matrices that do not fit or are not finite, W = 0, times that are negative, not finite or too long.

    Source: dynamics, Props. 1 and 2, after NOTES 4.
    """
    C, W, times = symmetric(C, "C"), np.asarray(W, dtype=np.float64), np.asarray(times, dtype=np.float64)
    if W.ndim != 2 or W.shape[1] != len(C) or not np.isfinite(W).all() or not W.any():
        raise ValueError(f"W must be finite, not 0, and [z, d] with the d of C, {len(C)}; it is of shape {W.shape}")
    if times.ndim != 1 or not np.isfinite(times).all() or (times < 0).any():
        raise ValueError("times must be finite and 0 or more")
    eigenvalues, axes = np.linalg.eigh(C)
    size = np.abs(W).max()
    start = W / size @ axes
    # What grows most is taken out of exponents, and so is what is largest at each time: nothing over- or underflows.
    fastest = eigenvalues[start.any(0)].min()
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        grown = -2 * np.multiply.outer(times, np.maximum(eigenvalues - fastest, 0.0))[:, None, :]
        exponents = np.log(np.abs(start)) + grown
        largest = exponents.max((1, 2))
        left = np.sign(start) * np.exp(exponents - largest[:, None, None])
        norms = np.linalg.norm(left, axis=(1, 2))
        log_norms = np.log(size) + np.log(norms) + largest - 2 * fastest * times
    if not np.isfinite(log_norms).all():
        raise ValueError("times are too long: even log ‖W‖ is no number")
    return Unconstrained(times, left @ axes.T / norms[:, None, None], log_norms)
