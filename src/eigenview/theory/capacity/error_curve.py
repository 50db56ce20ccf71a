"""The percent error of uniform embeddings over batch sizes at a fixed D, and how far from P = D it is low."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int, Int64
from scipy.optimize import root_scalar

from eigenview.linalg import marchenko_pastur_mean_sqrt, uniform_percent_error
from eigenview.theory.capacity._checks import integers
from eigenview.theory.capacity.nuclear_norm import capacity_at


@dataclass(frozen=True)
class ErrorCurve:
    """Percent errors over batch sizes, for a plot.

    Args:
        P: batch sizes, as given.
        D: number of dimensions; the curve peaks at P = D.
        uniform: percent error of centroids in uniformly random directions.
        collapsed: percent error of a complete collapse.
    """

    P: Int64[np.ndarray, "sizes"]
    D: int
    uniform: Float64[np.ndarray, "sizes"]
    collapsed: Float64[np.ndarray, "sizes"]


def error_curve(P: Int[np.ndarray, "sizes"] | Sequence[int], D: int, K: int = 1, agreement: float = 1.0) -> ErrorCurve:
    """The percent errors of `capacity_at` over batch sizes.

    Args:
        P: batch sizes, in any order.
        D: dimensions.
        K: views of each sample.
        agreement: mean cosine of two views of a sample.

    Raises:
        ValueError: P is empty, or as `capacity_at`.

    Source: NOTES 1, the curve over Figs. 2 and 3 of mmcr.
    """
    sizes = np.asarray(P)
    if sizes.ndim != 1 or not sizes.size:
        raise ValueError(f"P must be a list of batch sizes, not of shape {sizes.shape}")
    found = [capacity_at(size, D, K, agreement) for size in sizes.tolist()]
    return ErrorCurve(
        P=np.array([each.P for each in found]),
        D=found[0].D,
        uniform=np.array([each.uniform_percent_error for each in found]),
        collapsed=np.array([each.collapsed_percent_error for each in found]),
    )


@dataclass(frozen=True)
class BatchRange:
    """Batch sizes on both sides of P = D at which the floor is low enough.

    Args:
        below: the largest P below D; 1, which has no floor, if nothing else is.
        above: the smallest P above D.
        ratio: min(P/D, D/P) that both stay within.
    """

    below: int
    above: int
    ratio: float


def batch_sizes_below(D: int, share: float = 0.5) -> BatchRange:
    """The batch sizes nearest to P = D at which uniform embeddings stay short of the bound by a share of the worst.

    The worst is 1 − 8/(3π) = 15.1 % at P = D, for whatever D, and half of it is at a ratio of 0.557. Both sides are
    equally low: which of them learns better features is not said.

    Args:
        D: dimensions.
        share: of the worst point's percent error, in (0, 1).

    Raises:
        ValueError: D is not an integer of at least 2, or share is not in (0, 1).

    Source: NOTES 1.
    """
    (D,) = integers(least=2, D=D)
    if not 0 < share < 1:
        raise ValueError(f"share must be between 0 and 1, not {share}")
    aim = 1 - share * uniform_percent_error(D, D)
    # The error is 0 at γ = 0 and convex, so at γ = share it is still no more than that share of the worst.
    found = root_scalar(lambda gamma: marchenko_pastur_mean_sqrt(gamma) - aim, bracket=(share, 1.0), xtol=1e-15)
    ratio = float(found.root)
    return BatchRange(max(1, int(ratio * D)), int(np.ceil(D / ratio)), ratio)
