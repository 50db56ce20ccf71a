"""Fits a power law with a floor, or refuses where points do not determine one."""

from itertools import combinations

import numpy as np
from jaxtyping import Float, Float64
from scipy.stats import rankdata

from eigenview.theory.scaling.power_law import Form, PowerLaw, basis, points
from eigenview.theory.scaling.variable_projection import BOUNDS, best_law

_RANGE = 4.0  # of each variable, largest over smallest
_DECADES = 30
_SPARE = 2  # points beyond the number of parameters
_ROUNDING = 1e-9  # of a correlation
_TOGETHER = 1e-6  # of directions in which a law can change, the smallest over the largest that points can see
_VAGUE = 10.0  # of an exponent, the ends of its interval over each other
_VAGUE_FLOOR = 0.9  # of the law's smallest value, the width of the floor's interval


class FitError(ValueError):
    """The points do not determine a power law; the message says why."""


def fit_power_law(
    x: Float[np.ndarray, "N *variables"],
    y: Float[np.ndarray, "N"],
    form: Form = "additive",
    floor: bool = True,
    draws: int = 200,
    seed: int = 0,
) -> PowerLaw:
    """Fits the law E + Σ a_j x_j^(−b_j), or E + a Π x_j^(−b_j), with bootstrap intervals.

    The fit minimizes Huber's loss of log y/ŷ by variable projection (`variable_projection.py`). The bootstrap resamples
    residuals, not points, because the few values of x in a design have to stay; residuals are widened by √(N/(N − p)).
    Even so, intervals are narrow: a 90% interval covers the truth in about 77 to 90% of cases, least with few points.

    Args:
        x: points, one row each, of compute, steps, P, D or K; a vector for one variable.
        y: positive values that decrease with x, such as a loss or MMCR's percent error.
        form: how several variables combine, `additive` or `product`.
        floor: whether the law has a floor E; MMCR's percent error has one (NOTES 1).
        draws: number of bootstrap refits.
        seed: random seed of the bootstrap.

    Raises:
        FitError: fewer than p + 2 distinct points for p parameters; a variable whose largest value is less than 4
            times its smallest; a variable of fewer than 3 values in a sum with a floor; variables that rise and fall
            together; values that do not fall with a variable; an exponent at 0.01 or 5; an exponent whose interval
            spans a factor of 10, or a floor whose interval spans the law's smallest value.
        ValueError: shapes of x and y do not match, x or y is not positive and finite, or a number is out of range.

    Source: mmcr, Fig. 4, with an explicit floor after NOTES 1; Golub & Pereyra 1973 (variable projection); Hoffmann et
    al. 2022 (Huber's loss for scaling laws).
    """
    rows, values = points(x), np.asarray(y, dtype=np.float64)
    if values.shape != (len(rows),) or not np.isfinite(values).all() or (values <= 0).any():
        raise ValueError(f"y must be {len(rows)} values, positive and finite")
    if form not in ("additive", "product"):
        raise ValueError(f"form must be additive or product, not '{form}'")
    if draws < 20:
        raise ValueError(f"draws must be at least 20, not {draws}")
    variables = rows.shape[1]
    parameters = int(floor) + variables + (variables if form == "additive" else 1)
    _check_design(rows, values, parameters, form, floor)
    centre = np.exp(np.log(rows).mean(0))
    x_scaled = rows / centre
    coefficients, b = best_law(x_scaled, values, form, floor)
    _check_fit(coefficients, b, form)
    _check_told_apart(x_scaled, coefficients, b, form, floor)
    fitted = coefficients[0] + basis(x_scaled, b, form) @ coefficients[1:]
    residuals = np.log(values / fitted)
    drawn = _bootstrap(x_scaled, fitted, residuals, parameters, b, form, floor, draws, seed)
    _check_draws(drawn, b, float(fitted.min()), floor)
    law = np.concatenate([coefficients, b])
    law, *drawn = (_in_units(each, centre, form) for each in (law, *drawn))
    terms = len(coefficients) - 1
    return PowerLaw(form, float(law[0]), law[1 : 1 + terms], b, residuals, np.stack(drawn))


def _bootstrap(
    x: Float64[np.ndarray, "N variables"],
    fitted: Float64[np.ndarray, "N"],
    residuals: Float64[np.ndarray, "N"],
    parameters: int,
    b: Float64[np.ndarray, "variables"],
    form: Form,
    floor: bool,
    draws: int,
    seed: int,
) -> Float64[np.ndarray, "draws parameters"]:
    """E, a, b of refits to values with resampled residuals."""
    generator = np.random.default_rng(seed)
    wider = np.sqrt(len(x) / (len(x) - parameters)) * residuals
    found = []
    for _ in range(draws):
        values = fitted * np.exp(generator.choice(wider, size=len(x)))
        found.append(np.concatenate(best_law(x, values, form, floor, start=(b, fitted))))
    return np.stack(found)


def _in_units(
    law: Float64[np.ndarray, "parameters"], centre: Float64[np.ndarray, "variables"], form: Form
) -> Float64[np.ndarray, "parameters"]:
    """E, a, b for x as given, from those for x over its geometric mean."""
    variables = len(centre)
    scales = centre ** law[-variables:]
    a = law[1:-variables] * (scales if form == "additive" else scales.prod())
    return np.concatenate([law[:1], a, law[-variables:]])


def _check_design(
    x: Float64[np.ndarray, "N variables"], y: Float64[np.ndarray, "N"], parameters: int, form: Form, floor: bool
) -> None:
    distinct = len(np.unique(x, axis=0))
    if distinct < parameters + _SPARE:
        raise FitError(
            f"{distinct} distinct points are too few for {parameters} parameters: at least {parameters + _SPARE}"
        )
    for j, column in enumerate(x.T):
        name = "x" if x.shape[1] == 1 else f"variable {j}"
        decades = np.log10(column.max()) - np.log10(column.min())
        if decades > _DECADES:
            raise ValueError(f"{name} spans {decades:.0f} decades: beyond {_DECADES} powers are not finite")
        reach = column.max() / column.min()
        if reach < _RANGE:
            raise FitError(f"{name} spans only a factor of {reach:.3g}: a power law needs at least {_RANGE:g}")
        values = len(np.unique(column))
        if form == "additive" and floor and values < 3:  # E, a, b: two values of y cannot say which of them it is
            raise FitError(f"{name} takes only {values} values: a sum with a floor needs at least 3")
    for i, j in combinations(range(x.shape[1]), 2):
        if np.corrcoef(np.log(x[:, [i, j]]).T)[0, 1] > 1 - _ROUNDING:
            raise FitError(f"variables {i} and {j} rise and fall together: the points cannot separate their effects")
    if not np.ptp(y):
        raise FitError("y does not fall with x: y is constant")
    if x.shape[1] == 1 and np.corrcoef(rankdata(x[:, 0]), rankdata(y))[0, 1] >= 0:
        raise FitError("y does not fall with x")


def _check_fit(
    coefficients: Float64[np.ndarray, "coefficients"], b: Float64[np.ndarray, "variables"], form: Form
) -> None:
    for j, exponent in enumerate(b):
        name = "x" if len(b) == 1 else f"variable {j}"
        if (form == "additive" and not coefficients[1 + j]) or not coefficients[1:].any():
            raise FitError(f"y does not fall with {name}")
        low, high = BOUNDS
        if exponent <= low * 1.01:
            raise FitError(f"the exponent of {name} goes to 0: y falls no faster than a logarithm, or not at all")
        if exponent >= high / 1.01:
            raise FitError(f"the exponent of {name} goes beyond {high:g}: y drops in a step, not by a power")


def _check_told_apart(
    x: Float64[np.ndarray, "N variables"],
    coefficients: Float64[np.ndarray, "coefficients"],
    b: Float64[np.ndarray, "variables"],
    form: Form,
    floor: bool,
) -> None:
    """Refits start at the law and stay there in directions that no point determines, so check these first."""
    terms = basis(x, b, form) * coefficients[1:]
    changes = np.column_stack([*([np.ones(len(x))] if floor else []), terms, terms * np.log(x)])
    changes /= (coefficients[0] + terms.sum(1))[:, None]
    _, seen, directions = np.linalg.svd(changes / np.linalg.norm(changes, axis=0), full_matrices=False)
    unseen = np.abs(directions[seen < _TOGETHER * seen[0], -len(b) :])
    if len(unseen):
        names = ", ".join(str(j) for j in np.flatnonzero(unseen.max(0) > 1e-3))
        raise FitError(f"exponents of variables {names} are undetermined: they can vary together without changing y")


def _check_draws(
    drawn: Float64[np.ndarray, "draws parameters"], b: Float64[np.ndarray, "variables"], least: float, floor: bool
) -> None:
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    for j in range(len(b)):
        at = j - len(b)
        if high[at] / low[at] > _VAGUE:
            name = "the exponent" if len(b) == 1 else f"the exponent of variable {j}"
            raise FitError(f"{name} is undetermined: anything from {low[at]:.2g} to {high[at]:.2g} fits")
    if floor and high[0] - low[0] > _VAGUE_FLOOR * least:
        raise FitError(
            f"the floor is undetermined: anything from {low[0]:.3g} to {high[0]:.3g} fits; "
            "add longer runs, or fit without a floor (floor=False)"
        )
