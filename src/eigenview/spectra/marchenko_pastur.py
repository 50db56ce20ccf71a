"""What uniform random rows reach: the Marchenko–Pastur law."""

import math

from scipy.integrate import quad


def mean_sqrt(gamma: float) -> float:
    """E√x for x from the Marchenko–Pastur law of ratio γ, to about 1e-12.

    With x = 1 + γ + 2√γ·cos t, the density √((b−x)(x−a)) / (2πγx) dx becomes 2 sin²t / (πx) dt: smooth, no end singular.

    Args:
        gamma: in (0, 1]; smaller side over larger side of the matrix, whose entries have unit variance.

    Raises:
        ValueError: gamma outside (0, 1].
    """
    if not 0 < gamma <= 1:
        raise ValueError(f"gamma must be in (0, 1], not {gamma}")
    root = math.sqrt(gamma)

    def integrand(t: float) -> float:
        # 1 + γ + 2√γ·cos t without cancellation where it is nearly zero.
        x = (1 - root) ** 2 + 4 * root * math.cos(t / 2) ** 2
        return 2 / math.pi * math.sin(t) ** 2 / math.sqrt(x) if x > 0 else 0.0

    return quad(integrand, 0, math.pi, epsabs=1e-13, epsrel=1e-13)[0]


def uniform_percent_error(P: int, D: int) -> float:
    """How far short of √(P·min(P, D)) the nuclear norm of P uniform rows on the unit sphere in D dimensions stays.

    The large-P, D limit 1 − E√x; γ/8 + γ²/64 + O(γ³) for γ = min(P/D, D/P), and 1 − 8/(3π) at P = D.

    Args:
        P: rows.
        D: dimensions.

    Source: derived (NOTES 1); sharper than mmcr, App. D.
    """
    return 1 - mean_sqrt(min(P, D) / max(P, D))
