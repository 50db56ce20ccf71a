"""Shapes under a budget, against all of them."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from eigenview.theory.capacity import allocations, capacity_at


@pytest.mark.parametrize("agreement", [0.4, 0.95, 1.0])
@pytest.mark.parametrize(("budget", "largest_D", "directions"), [(12, 5, 1), (40, 9, 3), (64, 30, 7)])
def test_every_shape_is_there_once_and_the_best_is_the_best(budget, largest_D, directions, agreement):
    everything = {
        shape: capacity_at(shape[0], shape[1], shape[2], agreement).uniform_percent_error
        for shape in product(range(1, budget + 1), range(1, largest_D + 1), range(2, budget + 1))
        if shape[0] * shape[2] <= budget and min(shape[:2]) >= directions
    }
    found = allocations(
        budget, largest_D, directions, agreement, range(1, 200), np.arange(1, 100), list(range(2, 2 * budget))
    )
    shapes = list(zip(found.P.tolist(), found.D.tolist(), found.K.tolist(), strict=True))
    assert len(shapes) == len(everything)
    assert set(shapes) == set(everything)
    np.testing.assert_allclose(found.percent_error, [everything[shape] for shape in shapes], atol=1e-14)
    assert (np.diff(found.percent_error) >= 0).all()
    assert found.best == shapes[0]
    assert everything[found.best] == pytest.approx(min(everything.values()), abs=1e-14)


def test_by_default_sizes_are_powers_of_two():
    found = allocations(100, 33, 1)
    assert set(found.P.tolist()) == {1, 2, 4, 8, 16, 32}
    assert set(found.D.tolist()) == {1, 2, 4, 8, 16, 32}
    assert set(found.K.tolist()) == {2, 4, 8, 16, 32, 64}
    assert (found.P * found.K <= 100).all()


def test_a_size_may_be_held():
    found = allocations(512, 1024, 64, P=256, D=[256, 2048], K=(2, 4))
    assert (found.P.tolist(), found.D.tolist(), found.K.tolist()) == ([256], [256], [2])
    assert found.percent_error[0] == pytest.approx(0.15117, abs=1e-5)


def test_equal_floors_go_by_directions_then_by_use_of_the_budget():
    # γ = ¼ for all of them; (P, D) = (64, 16) and (16, 64) span as much.
    found = allocations(128, 64, 4, P=[4, 16, 64], D=[4, 16, 64], K=[2, 4])
    equal = found.where(found.percent_error == capacity_at(16, 64).uniform_percent_error)
    expected = [(64, 16, 2), (16, 64, 4), (16, 64, 2), (16, 4, 4), (16, 4, 2), (4, 16, 4), (4, 16, 2)]
    assert [tuple(shape) for shape in np.stack([equal.P, equal.D, equal.K], axis=1).tolist()] == expected


def test_views_that_differ_favour_two_of_them():
    assert allocations(512, 1024, 64, 0.8).best == (64, 1024, 2)
    assert allocations(512, 1024, 64, 1.0).best == (64, 1024, 8)


def test_some_of_the_choices():
    found = allocations(512, 1024, 64, 0.8)
    whole_budget = found.where(found.P * found.K == 512)
    assert whole_budget.best == (256, 1024, 2)
    assert (whole_budget.P * whole_budget.K == 512).all()
    for kept in (np.zeros(len(found.P), bool), np.ones(3, bool)):
        with pytest.raises(ValueError, match=f"of {len(found.P)} choices"):
            found.where(kept)


@pytest.mark.usefixtures("as_users_call")
def test_wrong_inputs_are_refused():
    def refused(match: str, *limits: Any, **allowed: Any) -> None:
        with pytest.raises(ValueError, match=match):
            allocations(*limits, **allowed)

    for budget in (1, 0, 2.5, float("nan")):
        refused("budget must be an integer", budget, 64, 2)
    refused("largest_D must be an integer", 64, 0, 2)
    refused("directions must be an integer", 64, 64, 0)
    refused("K must be an integer of at least 2", 64, 64, 2, K=[1, 2])
    refused("P must be an integer", 64, 64, 2, P=[2.5])
    refused("P must be an integer", 64, 64, 2, P=np.ones((2, 2), int))
    refused("D must be an integer", 64, 64, 2, D="64")
    refused("mean cosine", 64, 64, 2, agreement=1.5)
    refused("no allowed shape has", 64, 64, 33)
    refused("no allowed shape has", 64, 16, 17)
    refused("no allowed shape has", 64, 64, 2, P=[])
