"""The paper's flow for one output, in closed form up to one scalar equation."""

import numpy as np
from jaxtyping import Float, Float64
from scipy.integrate import solve_ivp

from eigenview.theory.dynamics.trajectory import increasing
from eigenview.theory.matrices import EIGENVALUE_ROUNDING, rounding, significant

_NO_PART = 1e-150  # relative to the largest component


def single_output_flow(
    eigenvalues: Float[np.ndarray, "d"], q: Float[np.ndarray, "d"], times: Float[np.ndarray, "T"]
) -> Float64[np.ndarray, "T d"]:
    """Q over time, where q̇ = −[(2 − n)Λq − (qᵀΛq)q] with n = ‖q‖²: the printed flow at z = 1, with gradients halved.

    Args:
        eigenvalues: Λ, of C.
        q: initial vector in the eigenbasis of C, of length at most 1; within 1e-9 (1e-6 in float32) it counts as 1.
        times: increasing and nonnegative; q is at time 0.

    Raises:
        ValueError: shapes do not match, a vector is not finite, q is longer than 1, times do not increase, or the
            integration failed.

    Source: dynamics, Eq. 10, after NOTES 4.
    """
    eigenvalues, q = _checked(eigenvalues, q)
    times, size = increasing(times), np.abs(eigenvalues).max()
    start = _norm(q)
    if not start or not size or times[-1] == 0:
        return np.tile(q, (len(times), 1))
    # In units of the largest eigenvalue, or τ's precision would depend on them.
    eigenvalues, times = eigenvalues / size, times * size
    least = float(eigenvalues[q != 0].min())
    above = np.maximum(eigenvalues - least, 0.0)
    least = float(significant(np.array(least), scale=1.0))

    def at(tau: Float64[np.ndarray, "T"]) -> tuple[Float64[np.ndarray, "T"], Float64[np.ndarray, "T d"]]:
        """n, and w = e^{−Λτ}w₀ over its length; growth is factored out of exponents, so that none overflows."""
        grown = q / start * np.exp(-np.multiply.outer(tau, above))
        lengths = np.linalg.norm(grown, axis=1)
        log_kappa = _log_kappa(start) + 4 * (np.log(lengths) - least * tau)
        return _square(log_kappa), grown / lengths[:, None]

    def slope(_: float, tau: Float64[np.ndarray, "1"]) -> Float64[np.ndarray, "1"]:
        return 2 - at(tau)[0]

    found = solve_ivp(slope, (0.0, times[-1]), [0.0], method="DOP853", t_eval=times, rtol=1e-10, atol=1e-12)
    if not found.success:
        raise ValueError(f"the flow could not be integrated: {found.message}")
    squares, directions = at(found.y[0])
    return np.sqrt(squares)[:, None] * directions


def single_output_limit(eigenvalues: Float[np.ndarray, "d"], q: Float[np.ndarray, "d"]) -> Float64[np.ndarray, "d"]:
    """The limit of q under the printed flow.

    The direction w = q/‖q‖ tends to the eigenvector of the least eigenvalue λ in which q has a component. The length n
    obeys n²/(1 − n) = n₀²/(1 − n₀)·‖e^{−Λτ}w₀‖⁴ with dτ = (2 − n)dt, so it ends at

    - n = 1 where λ < 0, and where n₀ = 1, whatever Λ is;
    - n = 0 where λ > 0;
    - between the two where λ = 0, at n² = κ(1 − n), κ = n₀²/(1 − n₀)·‖P₀w₀‖⁴, P₀ onto the kernel of Λ.

    The derived flow obeys n⁴/(1 − n)³ = n₀⁴/(1 − n₀)³·‖e^{−Λτ}w₀‖⁸ with dτ = (4 − n)dt: another n where λ = 0.

    Args:
        eigenvalues: Λ, of C; differences and values within 1e-9 of the largest in size count as 0.
        q: initial vector in the eigenbasis of C, of length at most 1; within 1e-9 (1e-6 in float32) it counts as 1.

    Raises:
        ValueError: shapes do not match, a vector is not finite, or q is longer than 1.

    Source: dynamics, Eq. 10; the paper has λ > 0 and λ < 0 with n₀ < 1, the rest is derived for this project.
    """
    eigenvalues, q = _checked(eigenvalues, q)
    length = _norm(q)
    if not length:
        return np.zeros_like(q)
    noise = EIGENVALUE_ROUNDING * np.abs(eigenvalues).max()
    least = eigenvalues[q != 0].min()
    kept = np.where(np.abs(eigenvalues - least) <= noise, q / length, 0.0)
    direction = kept / _norm(kept)
    if _on_sphere(length) or least < -noise:
        return direction
    if least > noise:
        return np.zeros_like(q)
    return direction * np.sqrt(_square(_log_kappa(length) + 4 * np.log([_norm(kept)])))


def _norm(q: Float64[np.ndarray, "d"]) -> float:
    """‖q‖, also where its square underflows."""
    largest = float(np.abs(q).max())
    return largest * float(np.linalg.norm(q / largest)) if largest else 0.0


def _on_sphere(length: float) -> bool:
    return length**2 >= 1 - EIGENVALUE_ROUNDING


def _log_kappa(length: float) -> float:
    """Log n²/(1 − n) for n = ‖q‖², inf on the sphere."""
    return np.inf if _on_sphere(length) else float(4 * np.log(length) - np.log1p(-(length**2)))


def _square(log_kappa: Float64[np.ndarray, "T"]) -> Float64[np.ndarray, "T"]:
    """The n with n² = κ(1 − n)."""
    with np.errstate(over="ignore"):
        return 2 / (1 + np.hypot(1, 2 * np.exp(-log_kappa / 2)))


def _checked(eigenvalues: np.ndarray, q: np.ndarray) -> tuple[Float64[np.ndarray, "d"], Float64[np.ndarray, "d"]]:
    near_one = rounding(np.asarray(q))
    eigenvalues, q = np.asarray(eigenvalues, dtype=np.float64), np.asarray(q, dtype=np.float64)
    if eigenvalues.ndim != 1 or eigenvalues.shape != q.shape or not q.size:
        raise ValueError(f"eigenvalues and q must be vectors of the same length, not {eigenvalues.shape} and {q.shape}")
    if not (np.isfinite(eigenvalues).all() and np.isfinite(q).all()):
        raise ValueError("eigenvalues or q are not finite")
    length = _norm(q)
    if length > 1 + near_one:
        raise ValueError(f"q must have a length of at most 1, as for orthonormal layers, not {length:.8g}")
    q = np.where(np.abs(q) > _NO_PART * np.abs(q).max(), q, 0.0)
    return eigenvalues, q / length if length > 1 - near_one else q
