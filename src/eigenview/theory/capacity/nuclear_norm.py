"""The range of the nuclear norm of a batch's centroids, from complete collapse to its bound.

All of it is about P unit vectors drawn independently, or the centroids of their views. The Marchenko–Pastur law is the
limit of large P and D at a fixed ratio: at finite sizes the mean percent error is below it, by no more than about
1/(8·max(P, D)). Nothing here says that features with a low floor are better features: it is the scale on which a
nuclear norm is to be read.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from jaxtyping import Float, Float64

from eigenview.linalg import uniform_percent_error
from eigenview.theory.capacity._checks import integers
from eigenview.theory.capacity.centroid_norm import centroid_length

_ROUNDING = 1e-5  # of the bound: what a norm in float32 may be above it


@dataclass(frozen=True)
class Capacity:
    """Nuclear norms that a batch of P centroids in D dimensions has at three places, and their percent errors.

    Args:
        P: samples.
        D: dimensions.
        length: of the centroids; 1 where views agree.
        bound: √(P·min(P, D)), which orthonormal rows or a tight frame of unit rows reach.
        uniform: expected of centroids of this length in uniformly random directions.
        collapsed: of unit centroids that are all equal, √P; above `uniform` where views agree too little to spread.
        uniform_percent_error: 1 − uniform/bound, the floor of embeddings that are spread at random.
        collapsed_percent_error: 1 − 1/√min(P, D).
        worst_percent_error: `uniform_percent_error` at P = D, for centroids of this length.
    """

    P: int
    D: int
    length: float
    bound: float
    uniform: float
    collapsed: float
    uniform_percent_error: float
    collapsed_percent_error: float
    worst_percent_error: float

    @property
    def at_worst(self) -> bool:
        """Whether P = D, where uniform embeddings are furthest from the bound."""
        return self.P == self.D


def capacity_at(P: int, D: int, K: int = 1, agreement: float = 1.0) -> Capacity:
    """What the nuclear norm of a batch's centroids can be.

    Assumes that centroids all have the same length and independent, uniformly random directions. At P = 1 or D = 1
    every batch of unit vectors is at the bound, which the law does not know: there the norm is exact.

    Args:
        P: samples.
        D: dimensions.
        K: views of each sample; how many does not matter where they agree.
        agreement: mean cosine of two views of a sample.

    Raises:
        ValueError: a size is not an integer of at least 1, or K unit vectors cannot have this mean cosine.

    Source: NOTES 1, derived; sharper than mmcr, App. D, whose "≤" for the norm are "≥".
    """
    P, D = integers(P=P, D=D)
    length, bound = centroid_length(K, agreement), nuclear_norm_bound(P, D)
    error = 1 - length * (1 - _random_error(P, D))
    return Capacity(
        P=P,
        D=D,
        length=length,
        bound=bound,
        uniform=bound * (1 - error),
        collapsed=sqrt(P),
        uniform_percent_error=error,
        collapsed_percent_error=1 - 1 / sqrt(min(P, D)),
        worst_percent_error=1 - length * (1 - _random_error(D, D)),
    )


def nuclear_norm_bound(P: int, D: int) -> float:
    """√(P·min(P, D)), the largest nuclear norm of P rows no longer than 1 in D dimensions.

    Args:
        P: rows.
        D: dimensions.

    Raises:
        ValueError: a size is not an integer of at least 1.

    Source: mmcr, Sec. 2, after NOTES 1.
    """
    P, D = integers(P=P, D=D)
    return sqrt(P * min(P, D))


def percent_error(norm: float | Float[np.ndarray, "*batch"], P: int, D: int) -> float | Float64[np.ndarray, "*batch"]:
    """How far a nuclear norm of centroids stays from its bound: 1 − ‖C‖_*/√(P·min(P, D)), in [0, 1].

    Args:
        norm: one, or an array of them.
        P: samples.
        D: dimensions.

    Raises:
        ValueError: a norm is not finite, negative, or above the bound by more than rounding, or a size is not an
            integer of at least 1.

    Source: mmcr, Sec. 5, after NOTES 1 (the 1 − ‖M‖_*/N of Fig. 7 holds for P ≤ D only).
    """
    bound, norm = nuclear_norm_bound(P, D), np.asarray(norm, dtype=np.float64)
    if not ((norm >= 0) & (norm <= bound * (1 + _ROUNDING))).all():
        raise ValueError(
            f"norm must be from 0 to {bound:.6g} for {P} rows no longer than 1 in {D} dimensions, "
            f"not {norm.min():.6g} to {norm.max():.6g}"
        )
    errors = np.maximum(0.0, 1 - norm / bound)
    return errors if norm.ndim else float(errors)


def _random_error(P: int, D: int) -> float:
    """The error by the Marchenko–Pastur law; 0 for P = 1 or D = 1, whose single singular value has all of the norm."""
    return 0.0 if min(P, D) == 1 else uniform_percent_error(P, D)
