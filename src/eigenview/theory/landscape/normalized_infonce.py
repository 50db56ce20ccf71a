"""β-InfoNCE of a linear layer with a fixed mean squared length of embeddings, a model of InfoNCE of cosines."""

from math import isfinite

import numpy as np
import scipy.optimize
from jaxtyping import Float, Float64

from eigenview.theory.landscape.beta_infonce import BetaInfoNCESolution, nats_of_repulsion, solve_beta_infonce

_MARGIN = 1e-9  # of the bracket, and of variances that count as 0, relative to the total
_SMALLEST = 1e-300


def solve_normalized_infonce(
    A0: Float[np.ndarray, "d d"] | Float[np.ndarray, "d"],
    C: Float[np.ndarray, "d d"] | Float[np.ndarray, "d"],
    beta: float = 1.0,
    D: int | None = None,
    temperature: float = 1.0,
    target: float = 1.0,
) -> BetaInfoNCESolution:
    """The W that minimizes the β-InfoNCE of `solve_beta_infonce` subject to E‖f‖² = c.

    The cosine of embeddings of length 1 is 1 − ½‖f − f′‖², so this is InfoNCE of cosines at temperature τ, but
    fixes the mean squared length instead of each length: the step of landscape, Eq. 5, without its expansion to fourth
    order. Assumes Gaussian data and noise and infinitely many negatives. The loss is convex in H = Σ^½WᵀWΣ^½, and a
    Lagrange multiplier adds the same number to all noise shares: the modes with the smallest survive.

    Args:
        A0: covariance of clean inputs; a vector is the diagonal of one.
        C: covariance that augmentation adds; likewise.
        beta: β ≥ 0.
        D: number of rows of W; by default that of its columns.
        temperature: τ.
        target: c, the mean squared length of embeddings.

    Returns:
        Modes whose variances sum to c.

    Raises:
        ValueError: A0 or C is not a covariance, their sizes differ, both are zero, or a number is out of range.

    Source: derived for this project, after NOTES 3.
    """
    if not (isfinite(target) and target > 0):
        raise ValueError(f"target must be positive and finite, not {target}")
    free = solve_beta_infonce(A0, C, beta, D, 0.0, temperature)
    r, room = free.noise_shares, len(free.modes) if D is None else D
    s = np.zeros_like(r)
    s[:room] = variances_of_fixed_total(r[:room], beta, target / temperature)
    value = float(r @ s - beta * (np.log1p(s) + s / (1 + s)).sum() / 2)
    return BetaInfoNCESolution(temperature * s, free.directions, value, noise_shares=r, nats=nats_of_repulsion(s))


def variances_of_fixed_total(
    noise_shares: Float[np.ndarray, "m"], beta: float, total: float
) -> Float64[np.ndarray, "m"]:
    """The s ≥ 0 with a given sum that minimize Σ r_i s_i − β Σ ½[log(1 + s_i) + s_i/(1 + s_i)].

    s_i = 1/u − 1 where β(u + u²)/2 = r_i + μ, and 0 where r_i + μ ≥ β; s_0, which determines μ, is found by root
    bracketing.

    Args:
        noise_shares: r, smallest first.
        beta: β ≥ 0; at 0 the mode with the smallest share has the total.
        total: sum of the s, positive.

    Raises:
        ValueError: shares are empty, not finite or not in ascending order, or a number is out of range.
    """
    if not len(noise_shares):
        raise ValueError("A0 and C are zero: there is no variance to distribute")
    if not (np.isfinite(noise_shares).all() and (np.diff(noise_shares) >= 0).all()):
        raise ValueError("noise shares must be finite and in ascending order")
    if not (isfinite(beta) and beta >= 0):
        raise ValueError(f"beta must be finite and at least 0, not {beta}")
    if not (isfinite(total) and total >= _SMALLEST):
        raise ValueError(f"total, a variance over the temperature, must be positive and finite, not {total:g}")
    if not beta:
        return np.where(np.arange(len(noise_shares)) == 0, total, 0.0)
    above = (np.asarray(noise_shares, np.float64) - noise_shares[0]) / beta

    def variances(first: float) -> Float64[np.ndarray, "m"]:
        """Variances of all modes, given that of the first."""
        u, v = 1 / (1 + first), first / (1 + first)
        # x = (r + μ)/β = (u + u²)/2 gives u = 1 − v accurately where u is small, y = 1 − x gives v where v is small.
        x, y = (u + u**2) / 2 + above, v * (3 - v) / 2 - above
        there = y > 0
        u, v = 4 * x / (1 + np.sqrt(1 + 8 * x)), 4 * y / (3 + np.sqrt(9 - 8 * np.where(there, y, 0.0)))
        return np.where(there, v, 0.0) / u

    bracket = (total / len(above) * (1 - _MARGIN), total * (1 + _MARGIN))
    found = scipy.optimize.root_scalar(
        lambda first: float(variances(first).sum()) / total - 1, bracket=bracket, xtol=_SMALLEST, rtol=1e-14
    )
    s = variances(found.root)
    s[s < _MARGIN * min(total, 1.0) / len(s)] = 0.0
    return s * (total / s.sum())
