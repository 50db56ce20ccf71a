"""What uniform random rows reach: the Marchenko–Pastur law."""

from scipy.special import hyp2f1


def mean_sqrt(gamma: float) -> float:
    """E√x for x from the Marchenko–Pastur law of ratio γ.

    The law's moments are E xˢ = ₂F₁(−s, 1 − s; 2; γ): Narayana's polynomials for whole s, continued to any s.

    Args:
        gamma: in (0, 1]; smaller side over larger side of the matrix, whose entries have unit variance.

    Raises:
        ValueError: gamma outside (0, 1].
    """
    if not 0 < gamma <= 1:
        raise ValueError(f"gamma must be in (0, 1], not {gamma}")
    return float(hyp2f1(-0.5, 0.5, 2, gamma))


def uniform_percent_error(P: int, D: int) -> float:
    """How far short of √(P·min(P, D)) the nuclear norm of P uniform rows on the unit sphere in D dimensions stays.

    The large-P, D limit 1 − E√x; γ/8 + γ²/64 + O(γ³) for γ = min(P/D, D/P), and 1 − 8/(3π) at P = D.

    Args:
        P: rows.
        D: dimensions.

    Source: derived (NOTES 1); sharper than mmcr, App. D.
    """
    return 1 - mean_sqrt(min(P, D) / max(P, D))
