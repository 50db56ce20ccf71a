"""Laws that are known are found again, and what is no law is refused."""

from typing import Any

import numpy as np
import pytest
import scipy.optimize

from eigenview.theory.scaling import FitError, fit_power_law

X = np.geomspace(1, 1000, 12)


def design(*axes: np.ndarray) -> np.ndarray:
    """All combinations of the variables' values, a row each."""
    return np.column_stack([column.ravel() for column in np.meshgrid(*axes)])


STEPS, P = np.geomspace(10, 1000, 6), np.geomspace(8, 256, 3)
GRID = design(STEPS, P)


def noisy(y: np.ndarray, size: float, seed: int = 0) -> np.ndarray:
    return y * (1 + size * np.random.default_rng(seed).normal(size=y.shape))


@pytest.mark.parametrize("floor", [0.0, 2.0])
@pytest.mark.parametrize("exponent", [0.05, 0.1, 0.5, 1.0, 2.0, 4.0])
def test_a_law_without_noise_is_found_exactly(exponent, floor):
    law = fit_power_law(X, floor + 1.3 * X**-exponent, draws=20)
    assert law.floor == pytest.approx(floor, rel=1e-8, abs=1e-8)
    assert law.coefficients[0] == pytest.approx(1.3, rel=1e-8)
    assert law.exponents[0] == pytest.approx(exponent, rel=1e-8)
    np.testing.assert_allclose(law.predict(2 * X), floor + 1.3 * (2 * X) ** -exponent, rtol=1e-8)


def test_as_scipy_has_it_on_clean_noise():
    y = noisy(0.2 + X**-0.5, 0.01)
    (floor, a, b), _ = scipy.optimize.curve_fit(lambda x, e, a, b: e + a * x**-b, X, y, (0.1, 1, 1), sigma=y)
    law = fit_power_law(X, y, draws=20)
    assert law.floor == pytest.approx(floor, rel=0.05)
    assert law.coefficients[0] == pytest.approx(a, rel=0.05)
    assert law.exponents[0] == pytest.approx(b, rel=0.05)


@pytest.mark.parametrize("factor", [0.05, 0.25, 4.0, 20.0])
def test_one_run_in_ten_that_failed_does_no_harm_high_or_low(factor):
    x = np.repeat(np.geomspace(1, 1000, 10), 3)
    y = noisy(0.2 + x**-0.5, 0.005)
    y[np.random.default_rng(0).choice(len(x), 3, replace=False)] *= factor
    law = fit_power_law(x, y, draws=20)
    assert law.floor == pytest.approx(0.2, rel=0.02)
    assert law.exponents[0] == pytest.approx(0.5, rel=0.02)


def test_a_run_that_failed_low_does_not_make_the_floor_undetermined():
    """Its value is below the width of the floor's interval; the law's values are not."""
    x = np.repeat(np.geomspace(1, 1000, 10), 3)
    y = noisy(0.2 + x**-0.5, 0.05)
    y[7] *= 0.005
    law = fit_power_law(x, y, draws=20)
    low, high = law.floor_interval()
    assert low < 0.2 < high
    assert high - low > y.min()


def test_a_factor_of_four_is_enough():
    x = design(STEPS, np.array([2.0, 4.0, 8.0]))
    law = fit_power_law(x, 0.05 + 2 * x[:, 0] ** -0.7 + x[:, 1] ** -0.4, draws=20)
    np.testing.assert_allclose(law.exponents, [0.7, 0.4], rtol=1e-6)


def test_noise_hardly_moves_the_law_to_one_side():
    """By ½σ², 0.5% here; residuals that are shares of y would move it by 2σ²."""
    x = np.repeat(np.geomspace(1, 1000, 10), 200)
    law = fit_power_law(x, noisy(0.2 + x**-0.5, 0.1), draws=20)
    np.testing.assert_allclose(law.predict(X), 0.2 + X**-0.5, rtol=0.012)


def test_units_and_order_do_not_matter():
    y = noisy(0.2 + X**-0.5, 0.01)
    order = np.random.default_rng(1).permutation(len(X))
    law, thousand, flops, shuffled = (
        fit_power_law(x, values, draws=20) for x, values in ((X, y), (1e3 * X, y), (1e15 * X, y), (X[order], y[order]))
    )
    for another, factor in ((thousand, 1e3), (flops, 1e15), (shuffled, 1.0)):
        assert another.floor == pytest.approx(law.floor, rel=1e-6)
        assert another.exponents[0] == pytest.approx(law.exponents[0], rel=1e-6)
        assert another.coefficients[0] / factor ** another.exponents[0] == pytest.approx(law.coefficients[0], rel=1e-6)


def test_units_of_y_scale_floor_and_coefficient():
    y = noisy(0.2 + X**-0.5, 0.01)
    law, scaled = fit_power_law(X, y, draws=20), fit_power_law(X, 1e-6 * y, draws=20)
    assert scaled.floor == pytest.approx(1e-6 * law.floor, rel=1e-6)
    assert scaled.coefficients[0] == pytest.approx(1e-6 * law.coefficients[0], rel=1e-6)
    assert scaled.exponents[0] == pytest.approx(law.exponents[0], rel=1e-6)


def test_the_same_seed_draws_the_same():
    y = noisy(0.2 + X**-0.5, 0.01)
    one, again, other = (fit_power_law(X, y, draws=20, seed=seed).drawn for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


@pytest.mark.parametrize("form", ["additive", "product"])
def test_several_variables(form):
    steps, P = (column.ravel() for column in np.meshgrid(np.geomspace(10, 1000, 5), np.geomspace(8, 256, 5)))
    x = np.column_stack([steps, P])
    powers = x ** -np.array([0.7, 0.4])
    y = 0.05 + (powers @ [2.0, 1.0] if form == "additive" else 3.0 * powers.prod(1))
    law = fit_power_law(x, y, form, draws=20)
    np.testing.assert_allclose(law.exponents, [0.7, 0.4], rtol=1e-6)
    np.testing.assert_allclose(law.coefficients, [2.0, 1.0] if form == "additive" else [3.0], rtol=1e-6)
    assert law.floor == pytest.approx(0.05, rel=1e-6)


def test_four_variables_of_a_product():
    x = design(np.geomspace(10, 1e4, 3), np.array([8.0, 512]), np.array([8.0, 512]), np.array([2.0, 4, 16]))
    exponents = np.array([0.5, 0.3, 0.2, 0.4])
    law = fit_power_law(x, noisy(0.05 + 3 * (x**-exponents).prod(1), 0.005), "product", draws=20)
    np.testing.assert_allclose(law.exponents, exponents, rtol=0.03)
    assert law.floor == pytest.approx(0.05, rel=0.03)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    x = np.repeat(np.geomspace(1, 1000, 8), 3)
    covered, times = 0, 12
    for seed in range(times):
        law = fit_power_law(x, noisy(0.2 + x**-0.5, 0.02, seed), draws=25, seed=seed)
        (low, high), *_ = law.exponent_intervals(0.9)
        covered += low <= 0.5 <= high
        assert law.floor_interval(0.9)[0] <= law.floor <= law.floor_interval(0.9)[1]
    # Of 12 at 90%: fewer than 7 happen once in 2,000.
    assert covered >= 7


def test_a_band_holds_new_points():
    x = np.repeat(np.geomspace(1, 100, 8), 3)
    law = fit_power_law(x, noisy(0.2 + x**-0.5, 0.02), draws=60)
    new = noisy(0.2 + x**-0.5, 0.02, seed=99)
    low, high = law.band(x).T
    assert ((low <= new) & (new <= high)).mean() > 0.75
    assert ((high - low) < 0.5 * new).all()


def test_without_a_floor_there_is_none():
    law = fit_power_law(X, 1.3 * X**-0.5, floor=False, draws=20)
    assert (law.floor, law.exponents[0]) == (0, pytest.approx(0.5, rel=1e-3))


def product(x: np.ndarray) -> np.ndarray:
    return 0.05 + 3 * (x**-0.3).prod(1)


def additive(x: np.ndarray) -> np.ndarray:
    return 0.05 + (x**-0.3).sum(1)


NEAR = np.geomspace(1, 5, 9)
TWO, DIAGONAL = design(STEPS, np.array([8.0, 64.0])), GRID[:, [0, 1, 1]]
PRODUCTS = np.column_stack([GRID, 6 * GRID.prod(1)])
REFUSED = {
    "too few distinct": (np.array([1.0, 1, 10, 10, 100]), np.array([5.0, 5, 3, 3, 2]), "3 distinct.*at least 5$"),
    "narrow": (np.linspace(1, 2, 9), np.linspace(2, 1, 9), "a factor of 2: a power law needs at least 4"),
    "narrow in one": (design(STEPS, np.array([8.0, 9, 10])), np.linspace(2, 1, 18), "variable 1 spans"),
    "rising": (X, X**0.2, "y does not fall with x$"),
    "constant": (X, np.ones(len(X)), "y is constant"),
    "rising in one": (GRID, 0.1 + GRID[:, 0] ** -0.5 + 0.01 * GRID[:, 1], "variable 1"),
    "step": (X, np.where(X < 1.5, 5.0, 1.0), "in a step"),
    "exponent out of sight": (NEAR, noisy(0.3 + NEAR**-0.3, 0.1), "the exponent is undetermined"),
    "floor out of sight": (4 * NEAR, noisy(0.3 + NEAR**-0.3, 0.1, 1), "the floor is undetermined"),
    "two values of one": (TWO, noisy(additive(TWO), 0.01), "variable 1 takes only 2 values"),
    "P = D": (DIAGONAL, noisy(additive(DIAGONAL), 0.01), "variables 1 and 2 rise and fall together"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_points_cannot_carry_is_refused_with_the_reason(case):
    x, y, words = REFUSED[case]
    with pytest.raises(FitError, match=words) as found:
        fit_power_law(x, y, draws=30)
    assert "\n" not in str(found.value)


def test_exponents_of_a_product_that_points_cannot_tell_apart_are_refused():
    """Compute is 6 · steps · P: what it is raised to can be given to the other two. A sum tells them apart."""
    with pytest.raises(FitError, match="variables 0, 1, 2 are undetermined"):
        fit_power_law(PRODUCTS, noisy(product(PRODUCTS), 0.01), "product", draws=20)
    against = np.column_stack([STEPS, 1e4 / STEPS])
    with pytest.raises(FitError, match="variables 0, 1 are undetermined"):
        fit_power_law(against, 0.05 + 3 * against[:, 0] ** -0.5 * against[:, 1] ** -0.1, "product", draws=20)
    law = fit_power_law(TWO, noisy(product(TWO), 0.005), "product", draws=20)
    np.testing.assert_allclose(law.exponents, 0.3, rtol=0.05)


def test_what_hardly_falls_is_no_power():
    with pytest.raises(FitError, match="no faster than a logarithm"):
        fit_power_law(X, 2 - 0.01 * np.log(X), floor=False, draws=20)


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize(
    ("x", "y", "more", "words"),
    [
        (X, X[:-1], {}, "12 values"),
        (-X, X, {}, "positive"),
        (X, np.full(12, np.nan), {}, "positive and finite"),
        (X, -X, {}, "positive and finite"),
        (X, X, {"form": "other"}, "additive or product"),
        (X, X, {"draws": 3}, "draws"),
        (np.zeros((0,)), np.zeros((0,)), {}, "x must be"),
        ([], [], {}, "x must be"),
        (3.0, 2.0, {}, "x must be"),
        (np.where(X > 100, np.inf, X), X, {}, "x must be positive and finite"),
        (np.geomspace(1e-200, 1e200, 12), X, {}, "spans 400 decades"),
    ],
)
def test_wrong_inputs_are_refused(x, y, more, words):
    with pytest.raises(ValueError, match=words) as found:
        fit_power_law(x, y, **more)
    assert not isinstance(found.value, FitError)


@pytest.mark.usefixtures("as_users_call")
def test_lists_are_welcome_and_predictions_need_the_law_s_variables():
    x: Any = list(X)
    y: Any = list(0.2 + X**-0.5)
    law = fit_power_law(x, y, draws=20)
    points: Any = [4.0, 100.0]
    np.testing.assert_allclose(law.predict(points), [0.7, 0.3], rtol=1e-8)
    wrong: Any
    for wrong in (np.ones((3, 2)), 3.0, [], [0.0], [np.nan]):
        with pytest.raises(ValueError, match="x must be"):
            law.predict(wrong)
    for level in (0.0, 1.0, 2.0, np.nan):
        with pytest.raises(ValueError, match="level must be"):
            law.floor_interval(level)
