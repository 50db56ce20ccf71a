"""A fitted power law with a floor, and its predictions."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64

Form = Literal["additive", "product"]


@dataclass(frozen=True)
class PowerLaw:
    """E + Σ a_j x_j^(−b_j), or E + a Π x_j^(−b_j); with one variable both are E + a x^(−b).

    Args:
        form: `additive` or `product`.
        floor: E, 0 or more.
        coefficients: a, one per variable, or a single one for a product.
        exponents: b, one per variable.
        residuals: log y/ŷ of the points that it was fitted to.
        drawn: E, a, b of the bootstrap refits, one row each.
    """

    form: Form
    floor: float
    coefficients: Float64[np.ndarray, "terms"]
    exponents: Float64[np.ndarray, "variables"]
    residuals: Float64[np.ndarray, "N"]
    drawn: Float64[np.ndarray, "draws parameters"]

    def predict(self, x: Float[np.ndarray, "M *variables"]) -> Float64[np.ndarray, "M"]:
        """The law's values at points x.

        Args:
            x: points, one row each; a vector for one variable.

        Raises:
            ValueError: the number of variables differs, or x is not positive and finite.
        """
        rows = points(x, len(self.exponents))
        return self.floor + basis(rows, self.exponents, self.form) @ self.coefficients

    def floor_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Percentiles of E over the bootstrap."""
        low, high = np.quantile(self.drawn[:, 0], _ends(level))
        return float(low), float(high)

    def exponent_intervals(self, level: float = 0.95) -> Float64[np.ndarray, "variables 2"]:
        """Percentiles of each b over the bootstrap."""
        drawn = self.drawn[:, -len(self.exponents) :]
        return np.quantile(drawn, _ends(level), axis=0).T

    def band(
        self, x: Float[np.ndarray, "M *variables"], level: float = 0.95, seed: int = 0
    ) -> Float64[np.ndarray, "M 2"]:
        """Prediction interval for new points, from the bootstrap refits with resampled residuals.

        Args:
            x: points, one row each.
            level: share of new points that the interval should contain.
            seed: random seed of the residuals.

        Raises:
            ValueError: as `predict`, or level is not in (0, 1).
        """
        rows, terms = points(x, len(self.exponents)), len(self.coefficients)
        values = np.stack(
            [draw[0] + basis(rows, draw[1 + terms :], self.form) @ draw[1 : 1 + terms] for draw in self.drawn]
        )
        noise = np.random.default_rng(seed).choice(self.residuals, size=values.shape)
        return np.quantile(values * np.exp(noise), _ends(level), axis=0).T


def basis(
    x: Float64[np.ndarray, "M variables"], exponents: Float64[np.ndarray, "variables"], form: Form
) -> Float64[np.ndarray, "M terms"]:
    """The terms that the coefficients multiply."""
    powers = x**-exponents
    return powers if form == "additive" else powers.prod(1, keepdims=True)


def _ends(level: float) -> tuple[float, float]:
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), not {level}")
    return (1 - level) / 2, (1 + level) / 2


def points(x: np.ndarray, variables: int | None = None) -> Float64[np.ndarray, "M variables"]:
    """Points as rows.

    Raises:
        ValueError: the number of variables differs, x is empty, or x is not positive and finite.
    """
    rows = np.asarray(x, dtype=np.float64)
    rows = rows[:, None] if rows.ndim == 1 else rows
    if rows.ndim != 2 or not rows.size or (variables is not None and rows.shape[1] != variables):
        raise ValueError(
            f"x must be [N] or [N, variables{'' if variables is None else f' = {variables}'}], not {np.shape(x)}"
        )
    if not (np.isfinite(rows).all() and (rows > 0).all()):
        raise ValueError("x must be positive and finite")
    return rows
