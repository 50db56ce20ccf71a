"""Variable projection: search over exponents, with the linear coefficients solved for each."""

from collections.abc import Callable
from functools import partial

import numpy as np
import scipy.optimize
from jaxtyping import Float64

from eigenview.theory.scaling.power_law import Form, basis

BOUNDS = (0.01, 5.0)
"""Of exponents: beyond them points do not distinguish a power from a logarithm or a step."""
_HUBER = 1.345  # of the scale of residuals: 95% as efficient as least squares where they are normal
_ROUNDS = 20
_EXACT = 1e-12  # a scale of residuals below which they are rounding
_FINER = 8  # how often the scale may shrink
_STARTS = (0.1, 0.3, 0.6, 1.2, 2.4)

Rows = Float64[np.ndarray, "N variables"]
Values = Float64[np.ndarray, "N"]
Exponents = Float64[np.ndarray, "variables"]
Coefficients = Float64[np.ndarray, "coefficients"]


def best_law(
    x: Rows, y: Values, form: Form, floor: bool, start: tuple[Exponents, Values] | None = None
) -> tuple[Coefficients, Exponents]:
    """E and a, and b, that minimise Huber's loss of the residuals log y/ŷ with E, a ≥ 0.

    Logarithms, because losses of runs differ by factors, and a failed run must not count more for being low than for
    being high; Huber's loss, because some runs fail. Given b, E and a follow by Gauss and Newton's method, each
    step of which is a non-negative least-squares problem with weights; b is sought by Nelder and Mead's method in its
    logarithm, from several starts. With noise of a share σ of y the law lies lower by about ½σ² of it.

    Args:
        x: points of geometric mean 1.
        y: positive.
        form: of the law.
        floor: whether there is an E; without one it is 0.
        start: b to start from, the only one, and the law's values there, for a refit that need not be exact.
    """
    if start is None:
        grid = np.stack(np.meshgrid(*[_STARTS] * x.shape[1]), axis=-1).reshape(-1, x.shape[1])
        guesses = [(b, _guess(x, y, b, form, floor)) for b in grid]
        # The scale of residuals is first that of plain least squares, then that of the fit, while it still shrinks.
        scale = min(_scale(np.log(y / near)) for _, near in guesses)
        starts = sorted(guesses, key=lambda each: _loss(np.log(each[0]), x, y, form, floor, each[1], scale))[:3]
    else:
        scale, starts = _scale(np.log(y / start[1])), [start]
    b, coefficients, residuals = _best_of(starts, x, y, form, floor, scale, start is not None)
    for _ in range(_FINER if start is None else 0):
        finer = _scale(residuals)
        if finer > 0.5 * scale:
            break
        scale, near = finer, y * np.exp(-residuals)
        b, coefficients, residuals = _best_of([(b, near)], x, y, form, floor, scale, False)
    return (coefficients if floor else np.concatenate([[0.0], coefficients])), b


def _best_of(
    starts: list[tuple[Exponents, Values]], x: Rows, y: Values, form: Form, floor: bool, scale: float, coarse: bool
) -> tuple[Exponents, Coefficients, Values]:
    """b, E and a, and residuals of the best law that the starts lead to."""
    found = []
    for b, near in starts:
        loss = partial(_loss, x=x, y=y, form=form, floor=floor, near=near, scale=scale)
        log_b = _descended(loss, np.log(b), coarse)
        found.append((loss(log_b), _within(log_b), near))
    _, b, near = min(found, key=lambda each: each[0])
    return b, *_linear(x, y, b, form, floor, near, scale)


def _descended(loss: Callable[[Exponents], float], start: Exponents, coarse: bool) -> Exponents:
    evaluations, precision = (60, 1e-4) if coarse else (300, 1e-7)
    options = {"xatol": precision, "fatol": 1e-6 if coarse else 0.0, "maxfev": evaluations * len(start)}
    return scipy.optimize.minimize(loss, start, method="Nelder-Mead", options=options).x


def _loss(log_b: Exponents, x: Rows, y: Values, form: Form, floor: bool, near: Values, scale: float) -> float:
    """½r² within 1.345 scales, and linear beyond, over residuals."""
    size = np.abs(_linear(x, y, _within(log_b), form, floor, near, scale)[1]) / scale
    return float(np.where(size <= _HUBER, size**2 / 2, _HUBER * (size - _HUBER / 2)).sum())


def _within(log_b: Exponents) -> Exponents:
    return np.exp(np.clip(log_b, *np.log(BOUNDS)))


def _scale(residuals: Values) -> float:
    """Their standard deviation, if they are normal, by the median."""
    return max(1.4826 * float(np.median(np.abs(residuals))), _EXACT)


def _columns(x: Rows, b: Exponents, form: Form, floor: bool) -> Float64[np.ndarray, "N coefficients"]:
    columns = basis(x, b, form)
    return np.column_stack([np.ones(len(x)), columns]) if floor else columns


def _guess(x: Rows, y: Values, b: Exponents, form: Form, floor: bool) -> Values:
    """Values near y by plain least squares: of shares of y, which low outliers bend, or of y, which high ones do."""
    columns = _columns(x, b, form, floor)
    guesses = [
        columns @ scipy.optimize.nnls(columns / unit[:, None], y / unit)[0] for unit in (y, np.full_like(y, y.max()))
    ]
    return min(guesses, key=lambda near: _scale(np.log(y / near)))


def _linear(
    x: Rows, y: Values, b: Exponents, form: Form, floor: bool, near: Values, scale: float
) -> tuple[Coefficients, Values]:
    """E and a for exponents b, and residuals, from values near the law's."""
    columns, residuals = _columns(x, b, form, floor), np.log(y / near)
    coefficients = np.zeros(columns.shape[1])
    for _ in range(_ROUNDS):
        weights = np.sqrt(np.minimum(1.0, _HUBER * scale / np.maximum(np.abs(residuals), 1e-300)))
        # log ŷ ≈ log near + ŷ/near − 1; a step that stays positive cannot end in a law that is 0.
        step = 1 + np.maximum(residuals, -0.9)
        coefficients, _ = scipy.optimize.nnls(columns * (weights / near)[:, None], weights * step)
        fitted = columns @ coefficients
        moved = np.abs(fitted / near - 1).max()
        near, residuals = fitted, np.log(y / fitted)
        if moved < 1e-7:
            break
    return coefficients, residuals
