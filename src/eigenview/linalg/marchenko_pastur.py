"""Expectations under the Marchenko–Pastur law of the eigenvalues of random covariances."""

from math import inf, log1p, sqrt

import numpy as np
from jaxtyping import Float
from scipy.special import hyp2f1


def marchenko_pastur_mean_sqrt(gamma: float) -> float:
    """E√x for x from the Marchenko–Pastur law of ratio γ.

    The law's moments are E xˢ = ₂F₁(−s, 1 − s; 2; γ): Narayana polynomials for integer s, continued to real s.

    Args:
        gamma: γ in (0, 1], the smaller over the larger side of a matrix whose entries have unit variance.

    Raises:
        ValueError: gamma is not in (0, 1].
    """
    if not 0 < gamma <= 1:
        raise ValueError(f"gamma must be in (0, 1], not {gamma}")
    return float(hyp2f1(-0.5, 0.5, 2, gamma))


def marchenko_pastur_mean_log1p(gamma: float, strength: float) -> float:
    """E log(1 + strength·x) over the eigenvalues x of the sample covariance of independent variables of unit variance.

    Args:
        gamma: dimensions over samples, positive; above 1 some eigenvalues are zero.
        strength: factor of the eigenvalues, nonnegative.

    Raises:
        ValueError: gamma or strength is out of range.

    Source: Tulino & Verdú 2004, Shannon transform of the law.
    """
    if not 0 < gamma < inf or not 0 <= strength < inf:
        raise ValueError(f"gamma must be positive and strength at least 0, both finite, not {gamma} and {strength}")
    if strength == 0:
        return 0.0
    root = sqrt(gamma)
    # ¼(√(1 + s(1 + √γ)²) − √(1 + s(1 − √γ)²))², without the difference.
    both = sqrt(1 + strength * (1 + root) ** 2) + sqrt(1 + strength * (1 - root) ** 2)
    F = 4 * gamma * (strength / both) ** 2
    return log1p(strength - F) + log1p(strength * gamma - F) / gamma - F / (gamma * strength)


def uniform_percent_error(P: int, D: int) -> float:
    """Relative distance of the nuclear norm of P uniform rows on the unit sphere in D dimensions from its upper bound.

    The bound is √(P·min(P, D)). In the limit of large P and D the distance is 1 − E√x: γ/8 + γ²/64 + O(γ³) for
    γ = min(P/D, D/P), and 1 − 8/(3π) at P = D.

    Args:
        P: number of rows.
        D: dimension.

    Source: derived (NOTES 1); sharper than mmcr, App. D.
    """
    return 1 - marchenko_pastur_mean_sqrt(min(P, D) / max(P, D))


def isotropic_singular_values(N: int, D: int) -> Float[np.ndarray, "M"]:
    """Singular values of an N × D matrix of independent unit variances, largest first, over their root mean square.

    The large-N, D limit: square roots of quantiles of the law, whose density is ∝ sin²θ / x at x = 1 + γ − 2√γ cos θ.

    Args:
        N: rows.
        D: columns.

    Source: Marchenko & Pastur 1967.
    """
    M, gamma = min(N, D), min(N, D) / max(N, D)
    theta = np.linspace(0, np.pi, 4097)
    x = 1 + gamma - 2 * np.sqrt(gamma) * np.cos(theta)
    density = np.divide(np.sin(theta) ** 2, x, out=np.full_like(x, 2.0), where=x > 0)
    cumulative = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2)])
    quantiles = np.interp((np.arange(M) + 0.5) / M, cumulative / cumulative[-1], x)
    return np.sqrt(quantiles)[::-1]
