"""Terms of a generalization bound of a linear head. They need labels: they are for reports, never for training."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from eigenview.theory.matrices import rounding


@dataclass(frozen=True)
class GeneralizationTerms:
    """Terms on the right of E‖W f(x) − y‖ ≤ invariance + unlabeled + labeled + Q, Q unknown.

    Args:
        invariance: mean ‖f(x⁺) − f(x⁺⁺)‖ over unlabeled samples; the only term that does not use labels.
        unlabeled: (2/√m)‖P Y‖_F, the residual of the *unlabeled* set's labels as a linear function of its features;
            None if those labels are not given.
        labeled: (1/√n)‖P Y‖_F, the same for the labeled set.
        W: least squares solution of least norm on the labeled set: y ≈ W f(x).
    """

    invariance: float
    unlabeled: float | None
    labeled: float
    W: Float64[np.ndarray, "c D"]


def label_generalization_terms(
    features: Float[np.ndarray, "n D"],
    labels: Float[np.ndarray, "labeled c"],
    unlabeled_views: Float[np.ndarray, "K m D"],
    unlabeled_labels: Float[np.ndarray, "unlabeled k"] | None = None,
) -> GeneralizationTerms:
    """Three terms of a generalization bound of self-supervised learning.

    The structure of the bound is known, its constants are not (the original is lost): compare the terms between models;
    their sum is not a theorem. The last term Q, which vanishes with n and m, is not computed. P = I − ZZ⁺, Z the
    features by rows, projects onto what linear functions of the features cannot reach (directions within rounding of
    their dtype, 1e-6 of the largest in float32 and 1e-9 in float64, count as zero). Features are not centered, and
    there is no intercept unless a column is constant. For the unlabeled set, Z is that of its first views.

    Costs a least squares solution of n × D, and of m × D.

    Args:
        features: f(x) of the labeled samples.
        labels: Y of the labeled samples: numbers, or one-hot rows of classes (`np.eye(classes)[y]`).
        unlabeled_views: f(x⁺) and f(x⁺⁺), two views of each unlabeled sample.
        unlabeled_labels: labels of the unlabeled samples, if known after all; practitioners do not have them.

    Raises:
        ValueError: shapes do not match, an array is empty or not finite, or there are not two views.

    Source: information, as reconstructed in NOTES 5 (marked there as of unknown constants).
    """
    Z, Y = _finite(features, "features", 2), _finite(labels, "labels", 2)
    views = _finite(unlabeled_views, "unlabeled views", 3)
    if len(views) != 2 or views.shape[2] != Z.shape[1]:
        raise ValueError(f"unlabeled views must be [2, m, D = {Z.shape[1]}], not {[*views.shape]}")
    W, labeled = _least_squares(Z, Y, rounding(np.asarray(features)))
    unlabeled = None
    if unlabeled_labels is not None:
        known = _finite(unlabeled_labels, "unlabeled labels", 2)
        if known.shape[1] != Y.shape[1]:
            raise ValueError(
                f"both sets' labels must have the same number of columns, not {Y.shape[1]} and {known.shape[1]}"
            )
        unlabeled = 2 * _least_squares(views[0], known, rounding(np.asarray(unlabeled_views)))[1]
    invariance = float(np.linalg.norm(views[0] - views[1], axis=1).mean())
    return GeneralizationTerms(invariance, unlabeled, labeled, W)


def _least_squares(
    Z: Float64[np.ndarray, "n D"], Y: Float64[np.ndarray, "labels c"], smallest: float
) -> tuple[Float64[np.ndarray, "c D"], float]:
    """W of least norm, and its residual ‖P Y‖_F/√n."""
    if len(Z) != len(Y):
        raise ValueError(f"labels must have one row per sample, but there are {len(Y)} for {len(Z)} rows of features")
    solution = np.linalg.lstsq(Z, Y, rcond=smallest)[0]
    return solution.T, float(np.linalg.norm(Y - Z @ solution)) / len(Z) ** 0.5


def _finite(given: np.ndarray, what: str, axes: int) -> np.ndarray:
    numbers = np.asarray(given, dtype=np.float64)
    if numbers.ndim != axes or not numbers.size:
        raise ValueError(f"{what} must have {axes} axes and not be empty; their shape is {[*numbers.shape]}")
    if not np.isfinite(numbers).all():
        raise ValueError(f"{what} are not finite")
    return numbers
