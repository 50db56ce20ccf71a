"""Augmentation against data: at which strength a mode goes, and whether both have the same axes."""

from math import inf, sqrt

import numpy as np
import scipy.linalg
from jaxtyping import Float, Float64

from eigenview.theory.landscape.generalized_eigen import generalized_modes
from eigenview.theory.matrices import covariance, same_size

_NOISE = 1e-9


def critical_strengths(
    A0: Float[np.ndarray, "d d"], C: Float[np.ndarray, "d d"], beta: float
) -> Float64[np.ndarray, "m"]:
    """The variances σ² at which modes collapse one after the other under β-InfoNCE, if augmentation adds σ²C.

    σ² = λβ/(1 − β), λ the eigenvalues of A0 in the metric of C (a_i/c_i where they commute): the last mode to go comes
    first, inf is a mode that never goes. No weight decay; D does not matter as long as it is no less than what is left.

    Args:
        A0: covariance of clean inputs.
        C: covariance that augmentation of strength 1 adds; it may be singular.
        beta: β in [0, 1].

    Raises:
        ValueError: what are no covariances, of two sizes, or β out of its range.

    Source: landscape, App. B, after NOTES 3: c_i ≥ βa_i/(1 − β); by Sylvester's law for matrices that do not commute.
    """
    same_size(A0=np.asarray(A0), C=np.asarray(C))
    if not 0 <= beta <= 1:
        raise ValueError(f"beta must be from 0 to 1, not {beta}")
    A0, C = covariance(A0, "A0"), covariance(C, "C")
    # As much of one as of the other, so that the units of C decide nothing of what rounding is.
    unit = np.trace(A0) / np.trace(C) if A0.any() and C.any() else 1.0
    C = unit * C
    r = -generalized_modes(A0 + C, -C, part=True).eigenvalues
    if beta == 1:
        return np.full(len(r), inf)
    odds = np.full(len(r), inf)
    np.divide(np.maximum(1 - r, 0.0), r, out=odds, where=r > _NOISE)
    return unit * odds * beta / (1 - beta) if beta else np.zeros(len(r))


def misalignment(A0: Float[np.ndarray, "d d"], C: Float[np.ndarray, "d d"]) -> float:
    """How far two covariances are from commuting: 0 if they share their axes, 1 as if those were drawn at random.

    The norm of A0·C − C·A0 over its root mean square for axes that are uniformly random. Multiples of the identity,
    which commute with all, do not count. Above 1 axes are at odds more than by chance.

    Args:
        A0: covariance of clean inputs.
        C: covariance that augmentation adds.

    Raises:
        ValueError: what are no covariances, or of two sizes.

    Source: for this project; E‖[A, UCUᵀ]‖² = 2d‖A‖²‖C‖²/((d + 2)(d − 1)) for traceless A and C and Haar's U.
    """
    same_size(A0=np.asarray(A0), C=np.asarray(C))
    # In units that keep products from overflowing.
    a, c = (M / (np.abs(M).max() or 1.0) for M in (covariance(A0, "A0"), covariance(C, "C")))
    d = len(a)
    sizes = [scipy.linalg.norm(M) for M in (a, c)]
    a, c = (M - np.trace(M) / d * np.eye(d) for M in (a, c))
    norms = [scipy.linalg.norm(M) for M in (a, c)]
    if any(norm <= _NOISE * size for norm, size in zip(norms, sizes, strict=True)):
        return 0.0
    a, c = a / norms[0], c / norms[1]
    return float(scipy.linalg.norm(a @ c - c @ a) / sqrt(2 * d / ((d + 2) * (d - 1))))
