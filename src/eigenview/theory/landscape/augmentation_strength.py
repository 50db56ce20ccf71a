"""Augmentation against data: the strength at which each mode collapses, and whether both have the same axes."""

from math import inf, sqrt

import numpy as np
import scipy.linalg
from jaxtyping import Float, Float64

from eigenview.theory.landscape.generalized_eigen import generalized_eigenmodes
from eigenview.theory.matrices import EIGENVALUE_ROUNDING, covariance, same_size, significant


def critical_strengths(
    A0: Float[np.ndarray, "d d"], C: Float[np.ndarray, "d d"], beta: float
) -> Float64[np.ndarray, "m"]:
    """The variances σ² at which modes collapse one by one under β-InfoNCE, if augmentation has covariance σ²C.

    σ² = λβ/(1 − β), λ the eigenvalues of A0 in the metric of C (a_i/c_i where they commute), largest first; inf for a
    mode that never collapses. Assumes no weight decay, and D at least the number of surviving modes.

    Args:
        A0: covariance of clean inputs.
        C: covariance that augmentation of strength 1 adds; it may be singular.
        beta: β in [0, 1].

    Raises:
        ValueError: A0 or C is not a covariance, their sizes differ, or β is not in [0, 1].

    Source: landscape, App. B, after NOTES 3: c_i ≥ βa_i/(1 − β); by Sylvester's law for matrices that do not commute.
    """
    same_size(A0=np.asarray(A0), C=np.asarray(C))
    if not 0 <= beta <= 1:
        raise ValueError(f"beta must be from 0 to 1, not {beta}")
    A0, C = covariance(A0, "A0"), covariance(C, "C")
    # Scale C to the trace of A0, so that the units of C do not decide what counts as rounding.
    unit = np.trace(A0) / np.trace(C) if A0.any() and C.any() else 1.0
    C = unit * C
    r = significant(-generalized_eigenmodes(A0 + C, -C, within_sigma=True).eigenvalues, scale=1.0)
    if beta == 1:
        return np.full(len(r), inf)
    odds = np.full(len(r), inf)
    np.divide(np.maximum(1 - r, 0.0), r, out=odds, where=r > 0)
    return unit * odds * beta / (1 - beta) if beta else np.zeros(len(r))


def misalignment(A0: Float[np.ndarray, "d d"], C: Float[np.ndarray, "d d"]) -> float:
    """How far two covariances are from commuting: 0 for shared axes, 1 as for independent random axes.

    The norm of A0·C − C·A0 over its root mean square for uniformly random axes, after subtracting multiples of the
    identity, which commute with everything. Above 1, axes differ more than random ones.

    Args:
        A0: covariance of clean inputs.
        C: covariance that augmentation adds.

    Raises:
        ValueError: A0 or C is not a covariance, or their sizes differ.

    Source: for this project; E‖[A, UCUᵀ]‖² = 2d‖A‖²‖C‖²/((d + 2)(d − 1)) for traceless A and C and Haar's U.
    """
    same_size(A0=np.asarray(A0), C=np.asarray(C))
    # Scaled so that products do not overflow.
    a, c = (M / (np.abs(M).max() or 1.0) for M in (covariance(A0, "A0"), covariance(C, "C")))
    d = len(a)
    sizes = [scipy.linalg.norm(M) for M in (a, c)]
    a, c = (M - np.trace(M) / d * np.eye(d) for M in (a, c))
    norms = [scipy.linalg.norm(M) for M in (a, c)]
    if any(norm <= EIGENVALUE_ROUNDING * size for norm, size in zip(norms, sizes, strict=True)):
        return 0.0
    a, c = a / norms[0], c / norms[1]
    return float(scipy.linalg.norm(a @ c - c @ a) / sqrt(2 * d / ((d + 2) * (d - 1))))
