"""The best law for some points: exponents are sought, and all that is linear follows from them."""

from collections.abc import Callable
from functools import partial

import numpy as np
import scipy.optimize
from jaxtyping import Float64

from eigenview.theory.scaling.laws import Form, basis

BOUNDS = (0.01, 5.0)
"""Of exponents: beyond them points do not tell a power from a logarithm, or from a step."""
_HUBER = 1.345  # of the scale of residuals: 95% as efficient as least squares where they are normal
_ROUNDS = 5
_EXACT = 1e-12  # of y: a scale of residuals below which they are rounding
_STARTS = (0.1, 0.3, 0.6, 1.2, 2.4)

Rows = Float64[np.ndarray, "N variables"]
Values = Float64[np.ndarray, "N"]
Exponents = Float64[np.ndarray, "variables"]


def best_law(
    x: Rows, y: Values, form: Form, floor: bool, start: Exponents | None = None
) -> tuple[Float64[np.ndarray, "coefficients"], Exponents]:
    """E and a, and b, that minimise Huber's loss of the relative residuals ŷ/y − 1 with E, a ≥ 0.

    Relative ones, because losses of runs differ by factors, and Huber's, because some runs fail. Relative to y, so that
    they are linear in E and a: at noise of a share σ of y the law lies lower by about 2σ² of it. Given b, E and a are
    a linear problem, solved by non-negative least squares with weights that are found with it; b is sought by
    Nelder and Mead's method in its logarithm, from several starts.

    Args:
        x: points of geometric mean 1.
        y: positive.
        form: of the law.
        floor: whether there is an E; without one it is 0.
        start: b to start from, the only one, for a refit that need not be exact.
    """
    if start is None:
        grid = np.stack(np.meshgrid(*[_STARTS] * x.shape[1]), axis=-1).reshape(-1, x.shape[1])
        # The scale of residuals is first that of plain least squares, then that of the fit, while it still shrinks.
        scale = min(_scale(_linear(x, y, b, form, floor, None)[1]) for b in grid)
        starts = sorted(grid, key=lambda b: _loss(np.log(b), x, y, form, floor, scale))[:3]
    else:
        scale, starts = _scale(_linear(x, y, start, form, floor, None)[1]), [start]
    b = starts[0]
    for _ in range(1 if start is not None else 3):
        loss = partial(_loss, x=x, y=y, form=form, floor=floor, scale=scale)
        b = _within(min((_descended(loss, np.log(each), start is not None) for each in starts), key=loss))
        finer = _scale(_linear(x, y, b, form, floor, scale)[1])
        if finer > 0.5 * scale:
            break
        scale, starts = finer, [b]
    return _linear(x, y, b, form, floor, scale)[0], b


def _descended(loss: Callable[[Exponents], float], start: Exponents, coarse: bool) -> Exponents:
    evaluations, precision = (60, 1e-4) if coarse else (300, 1e-7)
    options = {"xatol": precision, "fatol": 1e-6 if coarse else 0.0, "maxfev": evaluations * len(start)}
    return scipy.optimize.minimize(loss, start, method="Nelder-Mead", options=options).x


def _loss(log_b: Exponents, x: Rows, y: Values, form: Form, floor: bool, scale: float) -> float:
    return float(_huber(_linear(x, y, _within(log_b), form, floor, scale)[1], scale).sum())


def _within(log_b: Exponents) -> Exponents:
    return np.exp(np.clip(log_b, *np.log(BOUNDS)))


def _scale(residuals: Values) -> float:
    """Their standard deviation, if they are normal, by the median."""
    return max(1.4826 * float(np.median(np.abs(residuals))), _EXACT)


def _linear(
    x: Rows, y: Values, b: Exponents, form: Form, floor: bool, scale: float | None
) -> tuple[Float64[np.ndarray, "coefficients"], Values]:
    """E and a for exponents b, and relative residuals; with a scale, by weights that make outliers count less."""
    columns = basis(x, b, form)
    columns = np.column_stack([np.ones(len(x)), columns]) if floor else columns
    relative, weights = columns / y[:, None], np.ones(len(x))
    coefficients, residuals = np.zeros(columns.shape[1]), np.zeros(len(x))
    for _ in range(1 if scale is None else _ROUNDS):
        coefficients, _ = scipy.optimize.nnls(relative * weights[:, None], weights)
        residuals = relative @ coefficients - 1
        if scale is None:
            break
        size = np.abs(residuals)
        update = np.sqrt(np.minimum(1.0, _HUBER * scale / np.maximum(size, 1e-300)))
        if np.allclose(update, weights, rtol=1e-6, atol=0):
            break
        weights = update
    return (coefficients if floor else np.concatenate([[0.0], coefficients])), residuals


def _huber(residuals: Values, scale: float) -> Values:
    """½r² within 1.345 scales, and linear beyond."""
    edge = _HUBER * scale
    size = np.abs(residuals)
    return np.where(size <= edge, size**2 / 2, edge * (size - edge / 2)) / scale**2
