"""A law that is right extrapolates, and one that is wrong is found out."""

import numpy as np
import pytest

from eigenview.theory.scaling import FitError, evaluate_extrapolation

X = np.repeat(np.geomspace(1, 1000, 10), 2)


def noise(size: float = 0.01) -> np.ndarray:
    return 1 + size * np.random.default_rng(0).normal(size=len(X))


def test_a_right_law_holds_and_its_floor_is_needed():
    found = evaluate_extrapolation(X, (0.2 + X**-0.5) * noise(), draws=40)
    assert found.holds
    assert found.error < 0.05 < found.error_of_last
    assert found.error_without_floor is not None
    assert found.error < 0.2 * found.error_without_floor
    assert found.largest_fitted == pytest.approx(100)


def test_a_law_that_breaks_does_not_hold():
    broken = np.where(X > 150, 0.1, 1.0) * (0.2 + X**-0.5)
    assert not evaluate_extrapolation(X, broken * noise(), draws=40).holds


def test_a_logarithm_is_found_out():
    found = evaluate_extrapolation(X, (3 - 0.4 * np.log(X)) * noise(0.002), draws=40)
    assert not found.holds
    assert found.error > 0.3
    assert found.coverage == 0


def test_one_of_several_variables_is_extrapolated():
    steps, P = (column.ravel() for column in np.meshgrid(np.geomspace(10, 1000, 6), np.geomspace(8, 256, 5)))
    y = 0.05 + 2 * steps**-0.7 + P**-0.4
    found = evaluate_extrapolation(np.column_stack([P, steps]), y, along=1, draws=20)
    assert found.holds
    assert found.error < 0.02


@pytest.mark.usefixtures("as_users_call")
def test_what_cannot_be_is_refused():
    for more, words in [({"along": 1}, "along"), ({"share": 0.0}, "share")]:
        with pytest.raises(ValueError, match=words):
            evaluate_extrapolation(X, X, **more)
    with pytest.raises(FitError, match="no value can be held out"):
        evaluate_extrapolation(np.ones(9), np.ones(9))
    with pytest.raises(ValueError, match="20 values"):
        evaluate_extrapolation(X, X[:3])
