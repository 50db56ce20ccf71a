"""The terms of a bound on the error of a linear head. They need labels, so they are for reports, never for training."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from eigenview.theory.matrices import rounding


@dataclass(frozen=True)
class GeneralisationTerms:
    """Terms on the right of E‖W f(x) − y‖ ≤ invariance + unlabelled + labelled + Q, Q unknown.

    Args:
        invariance: mean ‖f(x⁺) − f(x⁺⁺)‖ over unlabelled samples; the one term that uses no label.
        unlabelled: (2/√m)‖P Y‖_F, what of the *unlabelled* set's labels is no linear function of its features;
            None where those labels are not given.
        labelled: (1/√n)‖P Y‖_F, the same of the labelled set.
        W: the labelled set's least squares solution of least norm: y ≈ W f(x).
    """

    invariance: float
    unlabelled: float | None
    labelled: float
    W: Float64[np.ndarray, "c D"]


def label_generalisation_terms(
    features: Float[np.ndarray, "n D"],
    labels: Float[np.ndarray, "labelled c"],
    unlabelled_views: Float[np.ndarray, "K m D"],
    unlabelled_labels: Float[np.ndarray, "unlabelled k"] | None = None,
) -> GeneralisationTerms:
    """Three terms of a generalisation bound of self-supervised learning.

    The bound's structure is known and its constants are not (its original is lost): the terms are what can be compared
    between models, and their sum is no theorem. The last term, Q, which vanishes with n and m, is not computed.
    P = I − ZZ⁺, Z the features by rows, projects onto what no linear function of them reaches (directions in which
    they are no more than rounding of their dtype, 1e-6 of the largest in float32 and 1e-9 in float64, count as zero).
    Features are not centred, and have no constant unless a column holds one. For the
    unlabelled set Z are its first views.

    Costs a least squares solution of n × D, and of m × D.

    Args:
        features: f(x) of the labelled samples.
        labels: Y, theirs: numbers, or one-hot rows of classes (`np.eye(classes)[y]`).
        unlabelled_views: f(x⁺) and f(x⁺⁺), two views of each unlabelled sample.
        unlabelled_labels: theirs, where they are known after all: a term that a practitioner does not have.

    Raises:
        ValueError: numbers that are not finite, none, not a row of labels for each of features, or not of as many
            dimensions; other than two views.

    Source: information, as reconstructed in NOTES 5 (marked there as of unknown constants).
    """
    Z, Y = _finite(features, "features", 2), _finite(labels, "labels", 2)
    views = _finite(unlabelled_views, "unlabelled views", 3)
    if len(views) != 2 or views.shape[2] != Z.shape[1]:
        raise ValueError(f"unlabelled views must be [2, m, D = {Z.shape[1]}], not {[*views.shape]}")
    W, labelled = _least_squares(Z, Y, rounding(np.asarray(features)))
    unlabelled = None
    if unlabelled_labels is not None:
        known = _finite(unlabelled_labels, "unlabelled labels", 2)
        if known.shape[1] != Y.shape[1]:
            raise ValueError(f"labels of {Y.shape[1]} and of {known.shape[1]} columns are not of the same task")
        unlabelled = 2 * _least_squares(views[0], known, rounding(np.asarray(unlabelled_views)))[1]
    invariance = float(np.linalg.norm(views[0] - views[1], axis=1).mean())
    return GeneralisationTerms(invariance, unlabelled, labelled, W)


def _least_squares(
    Z: Float64[np.ndarray, "n D"], Y: Float64[np.ndarray, "labels c"], smallest: float
) -> tuple[Float64[np.ndarray, "c D"], float]:
    """W of least norm, and ‖P Y‖_F/√n, which is what it leaves."""
    if len(Z) != len(Y):
        raise ValueError(f"{len(Y)} rows of labels are not one for each of {len(Z)} rows of features")
    solution = np.linalg.lstsq(Z, Y, rcond=smallest)[0]
    return solution.T, float(np.linalg.norm(Y - Z @ solution)) / len(Z) ** 0.5


def _finite(given: np.ndarray, what: str, axes: int) -> np.ndarray:
    numbers = np.asarray(given, dtype=np.float64)
    if numbers.ndim != axes or not numbers.size:
        raise ValueError(f"{what} must have {axes} axes and hold something, not be of shape {[*numbers.shape]}")
    if not np.isfinite(numbers).all():
        raise ValueError(f"{what} are not finite")
    return numbers
