"""Whether a law extrapolates: fitted to the smaller runs, held against the larger."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from eigenview.theory.scaling.fitting import CannotFit, fit_power_law
from eigenview.theory.scaling.power_law import Form, PowerLaw, points


@dataclass(frozen=True)
class HeldOut:
    """How far a law is off where it had not looked.

    Args:
        law: fitted to the smaller values of the variable.
        largest_seen: of the variable.
        error: median of |ŷ/y − 1| over points beyond.
        error_of_last: the same if nothing fell any further than the last value seen.
        error_without_floor: the same of a law without one; None where none can be fitted.
        within: share of the points beyond that lie in the law's band of 95%.
    """

    law: PowerLaw
    largest_seen: float
    error: float
    error_of_last: float
    error_without_floor: float | None
    within: float

    @property
    def holds(self) -> bool:
        """Whether most points lie in the band, and the law is off by less than half of what standing still would be."""
        return self.within > 0.5 and self.error < 0.5 * self.error_of_last


def held_out(
    x: Float[np.ndarray, "N *variables"],
    y: Float[np.ndarray, "N"],
    form: Form = "additive",
    along: int = 0,
    share: float = 0.3,
    draws: int = 200,
    seed: int = 0,
) -> HeldOut:
    """Fits the law to the smaller values of one variable, and predicts the rest.

    Args:
        x: points, a row each; of one variable a vector does.
        y: what falls with them, positive.
        form: of the law.
        along: which variable is extrapolated.
        share: of its distinct values, the largest, that are held out; at least one is.
        draws: refits of the bootstrap.
        seed: of the bootstrap.

    Raises:
        CannotFit: as `fit_power_law`, of the points that are left.
        ValueError: likewise, or a variable or a share that there is not.
    """
    rows, values = points(x), np.asarray(y, dtype=np.float64)
    if not (0 <= along < rows.shape[1] and 0 < share < 1):
        raise ValueError(f"along must be one of {rows.shape[1]} variables and share in (0, 1), not {along} and {share}")
    if values.shape != (len(rows),):
        raise ValueError(f"y must be {len(rows)} values, not of shape {values.shape}")
    sizes = np.unique(rows[:, along])
    kept = len(sizes) - max(1, round(share * len(sizes)))
    if kept < 1:
        raise CannotFit("with one value of the variable there is none to hold out")
    seen = rows[:, along] <= sizes[kept - 1]
    law = fit_power_law(rows[seen], values[seen], form, True, draws, seed)
    beyond, there = rows[~seen], values[~seen]
    try:
        bare = _error(fit_power_law(rows[seen], values[seen], form, False, draws, seed).predict(beyond), there)
    except CannotFit:
        bare = None
    low, high = law.band(beyond, seed=seed).T
    last = np.median(values[rows[:, along] == sizes[kept - 1]])
    return HeldOut(
        law=law,
        largest_seen=float(sizes[kept - 1]),
        error=_error(law.predict(beyond), there),
        error_of_last=_error(np.full(len(there), last), there),
        error_without_floor=bare,
        within=float(((low <= there) & (there <= high)).mean()),
    )


def _error(predicted: np.ndarray, there: np.ndarray) -> float:
    return float(np.median(np.abs(predicted / there - 1)))
