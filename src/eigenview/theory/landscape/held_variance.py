"""β-InfoNCE of a linear layer whose embeddings have a length to keep, solved to all orders: what cosines come to."""

from math import isfinite

import numpy as np
import scipy.optimize
from jaxtyping import Float, Float64

from eigenview.theory.landscape.exact_solution import Exact, exact

_NOISE = 1e-9


def exact_when_normalised(
    A0: Float[np.ndarray, "d d"] | Float[np.ndarray, "d"],
    C: Float[np.ndarray, "d d"] | Float[np.ndarray, "d"],
    beta: float = 1.0,
    D: int | None = None,
    temperature: float = 1.0,
    target: float = 1.0,
) -> Exact:
    """The W that minimises β-InfoNCE, as `exact` has it, among those with E‖f‖² = c.

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
    free = exact(A0, C, beta, D, 0.0, temperature)
    r, room = free.noise_shares, len(free.modes) if D is None else D
    s = np.zeros_like(r)
    s[:room] = held_variances(r[:room], beta, target / temperature)
    value = float(r @ s - beta * (np.log1p(s) + s / (1 + s)).sum() / 2)
    return Exact(temperature * s, free.directions, value, noise_shares=r)


def held_variances(noise_shares: Float[np.ndarray, "m"], beta: float, total: float) -> Float64[np.ndarray, "m"]:
    """The s ≥ 0 with this sum that minimise Σ r_i s_i − β Σ ½[log(1 + s_i) + s_i/(1 + s_i)].

    s_i = 1/u − 1 where β(u + u²)/2 = r_i + μ, and 0 where r_i + μ ≥ β; μ is found by bisection and secants.

    Args:
        noise_shares: r, smallest first.
        beta: β ≥ 0; at 0 one mode, the least noisy, has it all.
        total: of the s, positive.

    Raises:
        ValueError: no shares.
    """
    if not len(noise_shares):
        raise ValueError("there is no variance to share: A0 and C are zero")
    if not beta:
        return np.where(np.arange(len(noise_shares)) == 0, total, 0.0)
    above = np.asarray(noise_shares, np.float64) - noise_shares[0]

    def variances(first: float) -> Float64[np.ndarray, "m"]:
        """Of all modes, where r_0 + μ is this."""
        x = (first + above) / beta
        u = 4 * x / (1 + np.sqrt(1 + 8 * x))
        return np.where(x < 1, np.maximum(1 / u - 1, 0.0), 0.0)

    least = (1 - _NOISE) / (1 + total)  # u of a mode that has it all, and a little more
    bracket = (beta * (least + least**2) / 2, beta)
    found = scipy.optimize.root_scalar(lambda first: float(variances(first).sum()) - total, bracket=bracket, xtol=1e-15)
    s = variances(found.root)
    s[s < _NOISE * total / len(s)] = 0.0
    return s * (total / s.sum())
