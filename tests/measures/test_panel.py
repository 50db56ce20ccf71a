"""Measures taken together: what each needs, what it is held against, and who is best by it."""

from typing import Literal

import pytest
import torch
from torch import Tensor

from eigenview.measures import CATALOGUE, MeasureSpec, best_to_worst, panel
from eigenview.measures.reference_clouds import reference_cloud, reference_values
from eigenview.testing.draws import gaussian


def first_number(x: Tensor) -> float:
    return float(x.flatten()[0])


def rows_seen(x: Tensor) -> float:
    return float(x.shape[-2])


def distance_of_views(x: Tensor) -> float:
    return float((x[0] - x[1]).square().sum(-1).mean())


def refuses(x: Tensor) -> float:
    raise ValueError("needs\nmore rows")


def infinite(x: Tensor) -> float:
    return float("inf")


def known(K: int, N: int, D: int) -> dict[str, float]:
    return {"collapsed": 1.0, "isotropic": 1000.0}


def constant(value: float, direction: Literal["high", "low"] | None = "high", references=known) -> MeasureSpec:
    return MeasureSpec(lambda x: value, "rows", direction, "", references=references)


def the(spec: MeasureSpec, cloud: Tensor, **options):
    (result,) = panel(cloud, (spec,), **options)
    return result


@pytest.mark.parametrize("spec", CATALOGUE, ids=lambda spec: spec.name)
def test_the_references_of_a_measure_that_has_a_good_end_are_apart(spec):
    cloud = gaussian(3, 24, 32) if spec.needs == "views" else gaussian(60, 8)
    values = reference_values(spec, cloud)
    if spec.direction is not None:
        assert len(values) > 1
        assert max(values.values()) > min(values.values())
    result = the(spec, cloud)
    assert result.value is not None
    assert (result.position is None) == (spec.direction is None)


@pytest.mark.parametrize("spec", [one for one in CATALOGUE if one.needs == "rows"], ids=lambda one: one.name)
def test_measures_of_rows_see_one_view_of_each_sample(spec):
    views = gaussian(3, 40, 6)
    assert the(spec, views, references=False).value == pytest.approx(the(spec, views[0], references=False).value)


def test_effective_rank_is_bad_when_collapsed_and_good_when_isotropic():
    (spec,) = [one for one in CATALOGUE if one.name == "effective_rank"]
    for name, verdict in {"collapsed": "bad", "isotropic": "good"}.items():
        result = the(spec, reference_cloud(name, 1, 400, 16))
        assert result.verdict == verdict
    assert the(spec, gaussian(400, 16)).references["isotropic"] == pytest.approx(16, rel=0.02)


@pytest.mark.parametrize(
    ("value", "position", "verdict"),
    [(0.1, 0, "bad"), (1, 0, "bad"), (3.9, 0.197, "bad"), (10, 1 / 3, "fair"), (100, 2 / 3, "good"), (5000, 1, "good")],
)
def test_between_references_far_apart_the_place_is_by_logarithms(value, position, verdict):
    result = the(constant(value), gaussian(5, 3))
    assert result.position == pytest.approx(position, abs=1e-3)
    assert result.verdict == verdict
    assert the(constant(value, "low"), gaussian(5, 3)).position == pytest.approx(1 - position, abs=1e-3)


def test_between_near_references_and_from_zero_it_is_linear():
    for low, high in ((0.0, 2.0), (1e-15, 2.0), (-4.0, 0.0), (1.0, 9.0)):
        ends = {"collapsed": low, "isotropic": high}
        middle = constant((low + high) / 2, references=lambda K, N, D, ends=ends: ends)
        assert the(middle, gaussian(5, 3)).position == pytest.approx(0.5)


def test_what_cannot_be_judged_is_not():
    assert the(constant(3.0, None), gaussian(5, 3)).verdict is None
    assert (
        the(constant(3.0, references=lambda K, N, D: {"collapsed": 2.0, "isotropic": 2.0}), gaussian(5, 3)).verdict
        is None
    )
    assert the(constant(3.0, references=lambda K, N, D: {"collapsed": 2.0}), gaussian(5, 3)).verdict is None
    near = constant(3.0, references=lambda K, N, D: {"collapsed": 2.0, "isotropic": 2.05})
    assert the(near, gaussian(5, 3)).verdict is None
    assert the(constant(3.0), gaussian(5, 3), references=False).references == {}


def test_of_views_that_agree_and_of_views_that_do_not():
    spec = MeasureSpec(distance_of_views, "views", "low", "")
    agreeing = gaussian(1, 300, 8).expand(2, 300, 8)
    assert the(spec, agreeing).verdict == "good"
    assert the(spec, gaussian(2, 300, 8)).verdict == "bad"
    assert the(spec, gaussian(2, 300, 8)).references == {
        "collapsed": 0,
        "ideal": 0,
        "unrelated": pytest.approx(16, rel=0.1),
    }


def test_a_collapsed_cloud_is_not_praised_for_views_that_agree():
    by_name = {spec.name: spec for spec in CATALOGUE}
    both = [by_name["effective_rank"], by_name["alignment"]]
    rank, agreement = panel(reference_cloud("collapsed", 3, 60, 16), both)
    assert (rank.verdict, agreement.verdict, agreement.value) == ("bad", None, pytest.approx(0, abs=1e-9))
    assert agreement.doubt is not None
    assert rank.doubt is None
    rank, better = panel(0.5 * reference_cloud("unrelated", 3, 60, 16) + reference_cloud("ideal", 3, 60, 16), both)
    assert (rank.verdict, better.verdict, better.doubt) == ("good", "good", None)
    assert best_to_worst([agreement, better, agreement]) == [2.5, 1, 2.5]


def test_the_ends_are_named_by_what_they_are():
    by_name = {spec.name: spec for spec in CATALOGUE}
    for name, ends in {
        "effective_rank": ("collapsed", "isotropic"),
        "uniformity": ("collapsed", "isotropic"),
        "alignment": ("unrelated", "ideal"),
        "centroid_norm": ("unrelated", "ideal"),
    }.items():
        assert the(by_name[name], gaussian(3, 60, 16)).ends == ends
    assert the(by_name["two_nn"], gaussian(60, 16)).ends is None


@pytest.mark.parametrize("spec", CATALOGUE, ids=lambda spec: spec.name)
def test_numbers_at_the_ends_of_float64_are_no_crash(spec):
    cloud = gaussian(3, 24, 8).double() * 1e200
    result = the(spec, cloud)
    assert (result.value is None) == (result.missing is not None)


def test_why_there_is_no_value():
    for cloud in (gaussian(9, 4), gaussian(1, 9, 4)):
        missing = the(MeasureSpec(distance_of_views, "views", "low", ""), cloud).missing
        assert missing is not None
        assert missing.startswith("needs features [K, P, D]")
    assert the(MeasureSpec(refuses, "rows", "high", ""), gaussian(9, 4)).missing == "needs more rows"
    assert the(MeasureSpec(infinite, "rows", "high", ""), gaussian(9, 4)).missing == "the value is inf"


def test_large_clouds_are_drawn_from_where_a_measure_asks_for_it():
    spec = MeasureSpec(rows_seen, "rows", None, "", max_rows=10)
    result = the(spec, gaussian(50, 2))
    assert (result.value, result.rows, result.sampled) == (10, 10, True)
    assert (the(spec, gaussian(7, 2)).rows, the(spec, gaussian(7, 2)).sampled) == (7, False)
    drawn = MeasureSpec(first_number, "rows", None, "", max_rows=2)
    x = torch.arange(1000.0)[:, None]
    first = {the(drawn, x, seed=seed).value for seed in range(5)}
    assert len(first) > 1
    assert the(drawn, x, seed=3).value == the(drawn, x, seed=3).value
    views = MeasureSpec(rows_seen, "views", None, "", max_rows=10)
    assert the(views, gaussian(3, 50, 2)).value == 10


def test_progress_hears_of_each_measure_before_it_is_taken():
    heard = []
    panel(
        gaussian(5, 3),
        (MeasureSpec(rows_seen, "rows", "high", ""), MeasureSpec(refuses, "rows", "high", "")),
        progress=heard.append,
    )
    assert heard == ["rows_seen", "refuses"]


def test_ranks_are_by_the_good_end_and_share_ties():
    def ranks(direction, *values):
        spec = [MeasureSpec(lambda x, v=v: v, "rows", direction, "", references=known) for v in values]
        return best_to_worst([the(one, gaussian(5, 3)) for one in spec])

    assert ranks("high", 1.0, 3.0, 2.0) == [3, 1, 2]
    assert ranks("low", 1.0, 3.0, 2.0) == [1, 3, 2]
    assert ranks("high", 1.0, 3.0, 3.0) == [3, 1.5, 1.5]
    assert ranks("high", 1.0, float("nan"), 3.0) == [2, None, 1]
    assert ranks(None, 1.0, 2.0) == [None, None]
    assert best_to_worst([None, the(constant(2.0), gaussian(5, 3))]) == [None, 1]


def test_where_size_matters_references_are_as_large_as_the_cloud():
    def size(x: Tensor) -> float:
        return float(x.square().mean().sqrt())

    spec = MeasureSpec(size, "rows", "high", "")
    for scale in (0.01, 1.0, 100.0):
        assert the(spec, scale * gaussian(200, 8)).references["isotropic"] == pytest.approx(scale, rel=0.05)


def test_what_several_measures_share_is_made_once():
    made = []

    class Shared:
        def __init__(self, rows: Tensor) -> None:
            made.append(rows.shape)
            self.rows = rows

    def sum_of(shared: Shared) -> float:
        return float(shared.rows.sum())

    def mean_of(shared: Shared) -> float:
        return float(shared.rows.mean())

    catalogue = [MeasureSpec(function, "rows", "high", "", shares=Shared) for function in (sum_of, mean_of)]
    x = gaussian(9, 4)
    results = panel(x, catalogue, references=False)
    assert [result.value for result in results] == [pytest.approx(float(x.sum())), pytest.approx(float(x.mean()))]
    assert made == [x.shape]
