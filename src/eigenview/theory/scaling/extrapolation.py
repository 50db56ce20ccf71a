"""Whether a power law extrapolates: fitted to the smaller runs and evaluated on the larger ones."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenview.theory.scaling.fitting import FitError, fit_power_law
from eigenview.theory.scaling.power_law import Form, PowerLaw, points


@dataclass(frozen=True)
class Extrapolation:
    """The error of a power law on held-out points.

    Args:
        law: fitted to the smaller values of the variable.
        largest_fitted: largest value of the variable that the law was fitted to.
        error: median of |ŷ/y − 1| over held-out points.
        error_of_last: the same for the baseline that y stays at its median at `largest_fitted`.
        error_without_floor: the same for a law without a floor; None where it cannot be fitted.
        coverage: share of the held-out points that lie in the law's 95% band.
    """

    law: PowerLaw
    largest_fitted: float
    error: float
    error_of_last: float
    error_without_floor: float | None
    coverage: float

    @property
    def holds(self) -> bool:
        """Whether most points lie in the band, and the law's error is less than half that of the constant baseline."""
        return self.coverage > 0.5 and self.error < 0.5 * self.error_of_last


def evaluate_extrapolation(
    x: Float[np.ndarray, "N *variables"],
    y: Float[np.ndarray, "N"],
    form: Form = "additive",
    along: int = 0,
    share: float = 0.3,
    draws: int = 200,
    seed: int = 0,
) -> Extrapolation:
    """Fits the law to the smaller values of one variable, and predicts the points at its larger values.

    Args:
        x: points, one row each; a vector for one variable.
        y: positive values that decrease with x.
        form: of the law.
        along: index of the variable to extrapolate.
        share: share of its distinct values that are held out, the largest; at least one is.
        draws: number of bootstrap refits.
        seed: random seed of the bootstrap.

    Raises:
        FitError: as `fit_power_law`, for the points that are not held out.
        ValueError: as `fit_power_law`, or along or share is out of range.
    """
    rows, values = points(x), np.asarray(y, dtype=np.float64)
    if not (0 <= along < rows.shape[1] and 0 < share < 1):
        raise ValueError(
            f"along must be an index of {rows.shape[1]} variables and share in (0, 1), not {along} and {share}"
        )
    if values.shape != (len(rows),):
        raise ValueError(f"y must be {len(rows)} values, not of shape {values.shape}")
    sizes = np.unique(rows[:, along])
    kept = len(sizes) - max(1, round(share * len(sizes)))
    if kept < 1:
        raise FitError("the variable has a single value: no value can be held out")
    fitted = rows[:, along] <= sizes[kept - 1]
    law = fit_power_law(rows[fitted], values[fitted], form, True, draws, seed)
    beyond, observed = rows[~fitted], values[~fitted]
    try:
        bare = _error(fit_power_law(rows[fitted], values[fitted], form, False, draws, seed).predict(beyond), observed)
    except FitError:
        bare = None
    low, high = law.band(beyond, seed=seed).T
    last = np.median(values[rows[:, along] == sizes[kept - 1]])
    return Extrapolation(
        law=law,
        largest_fitted=float(sizes[kept - 1]),
        error=_error(law.predict(beyond), observed),
        error_of_last=_error(np.full(len(observed), last), observed),
        error_without_floor=bare,
        coverage=float(((low <= observed) & (observed <= high)).mean()),
    )


def _error(predicted: np.ndarray, observed: np.ndarray) -> float:
    return float(np.median(np.abs(predicted / observed - 1)))
