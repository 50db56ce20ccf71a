"""Printed formulas that the paper's own loss contradicts: the collapse of weighted InfoNCE."""

from math import isfinite

import numpy as np
from jaxtyping import Float, Float64

from eigenview.theory.landscape.augmentation_strength import critical_strengths
from eigenview.theory.matrices import covariance, same_size


def printed_weighted_origin(
    A0: Float[np.ndarray, "d d"], C: Float[np.ndarray, "d d"], alpha: float, N: int
) -> Float64[np.ndarray, "d d"]:
    """B of weighted InfoNCE as printed, A0 − (1 − α)C/N, for comparison only: it is wrong.

    The denominator's weights do not sum to N; divided by their sum N − 1 + α, C cancels exactly, and no mode collapses:
    `infonce_origin` with `partner_share`.

    Args:
        A0: covariance of clean inputs.
        C: covariance that augmentation adds.
        alpha: α, the partner's weight in the denominator.
        N: number of samples.

    Raises:
        ValueError: A0 or C is not a covariance, their sizes differ, α is not finite, or N is below 1.

    Source: landscape, Sec. 1.1, as printed.
    """
    same_size(A0=np.asarray(A0), C=np.asarray(C))
    if not isfinite(alpha):
        raise ValueError(f"alpha must be finite, not {alpha}")
    if N < 1:
        raise ValueError(f"N must be at least 1, not {N}")
    return covariance(A0, "A0") - (1 - alpha) / N * covariance(C, "C")


def printed_critical_sizes(
    A0: Float[np.ndarray, "d d"], C: Float[np.ndarray, "d d"], alpha: float
) -> Float64[np.ndarray, "m"]:
    """Sizes N of a data set below which modes would collapse by the printed B: (1 − α)c_i/a_i, largest first.

    Eq. 7 prints its inverse with the opposite inequality. The loss agrees with neither.

    Args:
        A0: covariance of clean inputs.
        C: covariance that augmentation adds.
        alpha: α < 1.

    Raises:
        ValueError: A0 or C is not a covariance, their sizes differ, or α is out of range.

    Source: landscape, Eq. 7, after NOTES 3.
    """
    if not (isfinite(alpha) and alpha < 1):
        raise ValueError(f"alpha must be finite and below 1, not {alpha}")
    # With β = ½ critical strengths are the eigenvalues of A0 in the metric of C.
    ratios = critical_strengths(A0, C, 0.5)[::-1]
    sizes = np.full(len(ratios), np.inf)
    np.divide(1 - alpha, ratios, out=sizes, where=ratios > 0)
    return sizes
