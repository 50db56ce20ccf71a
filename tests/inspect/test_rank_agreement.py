"""Ranks of inputs by measures, and rank correlations with accuracies."""

import pytest

from eigenview.inspect.rank_agreement import agreements, mean_ranks, rank_inputs
from tests.inspect.test_inspection import RUNS, by_features, run


def test_mean_ranks_are_over_the_measures_that_all_have():
    both = [("features", "rank"), ("features", "spread_low")]
    assert mean_ranks(by_features(*RUNS), both) == [3, 1.5, 1.5, 4]
    assert mean_ranks(by_features(*RUNS), both[:1]) == [3, 1, 2, 4]
    without = run("e", None, rank=40.0, spread_low=None)
    assert mean_ranks(by_features(*RUNS, without), both) == [4, 2, 3, 5, 1]
    assert rank_inputs(by_features(*RUNS, without))["features", "spread_low"] == [3, 2, 1, 4, None]
    assert mean_ranks([{}, {}], both) == [None, None]


def test_correlations_are_spearmans():
    readings = by_features(*RUNS)
    found = {a.measure: a for a in agreements(readings, [0.5, 0.7, 0.6, None], "linear")}
    assert found["rank"].correlation == pytest.approx(1)
    assert found["spread_low"].correlation == pytest.approx(-0.5)
    assert {a.n for a in found.values()} == {3}
    assert list(found) == ["rank", "spread_low"]
    assert agreements(readings, [0.5, 0.7, None, None], "linear") == []
    assert agreements(readings, [0.5, 0.5, 0.5, 0.5], "linear") == []
