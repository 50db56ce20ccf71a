"""β-InfoNCE of a linear layer whose embeddings have a length to keep, solved to all orders: what cosines come to."""

from math import isfinite

import numpy as np
import scipy.optimize
from jaxtyping import Float, Float64

from eigenview.theory.landscape.beta_infonce import BetaInfoNCESolution, nats_of_repulsion, solve_beta_infonce

_NOISE = 1e-9
_SMALLEST = 1e-300


def solve_normalized_infonce(
    A0: Float[np.ndarray, "d d"] | Float[np.ndarray, "d"],
    C: Float[np.ndarray, "d d"] | Float[np.ndarray, "d"],
    beta: float = 1.0,
    D: int | None = None,
    temperature: float = 1.0,
    target: float = 1.0,
) -> BetaInfoNCESolution:
    """The W that minimises β-InfoNCE, as `solve_beta_infonce` has it, among those with E‖f‖² = c.

    Of embeddings of length 1 a cosine is 1 − ½‖f − f′‖², so this is InfoNCE of cosines at temperature τ, but for each
    length being held to 1 where here their mean square is: the step of landscape, Eq. 5, without its expansion to
    fourth order. Assumes Gaussian data and noise and infinitely many negatives. The loss is convex in
    H = Σ^½WᵀWΣ^½, and a multiplier adds one number to all shares of noise: the least noisy modes survive.

    Args:
        A0: covariance of clean inputs; a vector is the diagonal of one.
        C: covariance that augmentation adds; likewise.
        beta: β ≥ 0.
        D: rows of W; as many as it has columns if not given.
        temperature: τ.
        target: c.

    Returns:
        Modes that add up to c.

    Raises:
        ValueError: what are no covariances, of two sizes, without any variance, or numbers out of their range.

    Source: derived for this project, after NOTES 3.
    """
    if not (isfinite(target) and target > 0):
        raise ValueError(f"target must be positive and finite, not {target}")
    free = solve_beta_infonce(A0, C, beta, D, 0.0, temperature)
    r, room = free.noise_shares, len(free.modes) if D is None else D
    s = np.zeros_like(r)
    s[:room] = held_variances(r[:room], beta, target / temperature)
    value = float(r @ s - beta * (np.log1p(s) + s / (1 + s)).sum() / 2)
    return BetaInfoNCESolution(temperature * s, free.directions, value, noise_shares=r, nats=nats_of_repulsion(s))


def held_variances(noise_shares: Float[np.ndarray, "m"], beta: float, total: float) -> Float64[np.ndarray, "m"]:
    """The s ≥ 0 with this sum that minimise Σ r_i s_i − β Σ ½[log(1 + s_i) + s_i/(1 + s_i)].

    s_i = 1/u − 1 where β(u + u²)/2 = r_i + μ, and 0 where r_i + μ ≥ β; s_0, which tells μ, is found by bisection and
    secants.

    Args:
        noise_shares: r, smallest first.
        beta: β ≥ 0; at 0 one mode, the least noisy, has it all.
        total: of the s, positive; from tiny to huge.

    Raises:
        ValueError: no shares, or such as are not finite or not in order, or numbers out of their range.
    """
    if not len(noise_shares):
        raise ValueError("there is no variance to share: A0 and C are zero")
    if not (np.isfinite(noise_shares).all() and (np.diff(noise_shares) >= 0).all()):
        raise ValueError("shares of noise must be finite, the smallest first")
    if not (isfinite(beta) and beta >= 0):
        raise ValueError(f"beta must be finite and at least 0, not {beta}")
    if not (isfinite(total) and total >= _SMALLEST):
        raise ValueError(f"the variance to share, over the temperature, must be positive and finite, not {total:g}")
    if not beta:
        return np.where(np.arange(len(noise_shares)) == 0, total, 0.0)
    above = (np.asarray(noise_shares, np.float64) - noise_shares[0]) / beta

    def variances(first: float) -> Float64[np.ndarray, "m"]:
        """Of all modes, where the first has this."""
        u, v = 1 / (1 + first), first / (1 + first)
        # x = (r + μ)/β = (u + u²)/2 tells u = 1 − v where it is small, and y = 1 − x tells v where that is.
        x, y = (u + u**2) / 2 + above, v * (3 - v) / 2 - above
        there = y > 0
        u, v = 4 * x / (1 + np.sqrt(1 + 8 * x)), 4 * y / (3 + np.sqrt(9 - 8 * np.where(there, y, 0.0)))
        return np.where(there, v, 0.0) / u

    bracket = (total / len(above) * (1 - _NOISE), total * (1 + _NOISE))
    found = scipy.optimize.root_scalar(
        lambda first: float(variances(first).sum()) / total - 1, bracket=bracket, xtol=_SMALLEST, rtol=1e-14
    )
    s = variances(found.root)
    s[s < _NOISE * min(total, 1.0) / len(s)] = 0.0
    return s * (total / s.sum())
