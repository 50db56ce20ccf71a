"""How a measure declares itself."""

from functools import partial

from torch import Tensor

from eigenview.measures import MeasureSpec, measure, measure_spec
from eigenview.testing.draws import gaussian


def plain(features: Tensor) -> float:
    return float(features.sum())


def test_a_declaration_leaves_the_function_as_it_is():
    declared = measure(meaning="sum of all entries", direction="high", max_rows=7)(plain)
    assert declared is plain
    x = gaussian(4, 3)
    assert declared(x) == float(x.sum())
    expected = MeasureSpec(plain, "rows", "high", "sum of all entries", max_rows=7)
    assert measure_spec(declared) == expected
    assert measure_spec(declared).name == "plain"


def test_what_is_not_declared_is_a_measure_of_rows_without_a_good_end():
    def other(features: Tensor) -> float:
        return 0.0

    assert measure_spec(other) == MeasureSpec(other, "rows", None)
    assert measure_spec(partial(other)).name == ""


def test_what_measures_share_is_made_once_for_each_shape():
    made = []

    def share(x: Tensor) -> Tensor:
        made.append(x.shape)
        return x

    specs, shared = [MeasureSpec(plain, shares=share), MeasureSpec(first, shares=share)], {}
    for x in (gaussian(4, 3), gaussian(5, 3)):
        assert [spec.evaluate(x, shared) for spec in specs] == [float(x.sum()), float(x[0, 0])]
    assert made == [(4, 3), (5, 3)]


def first(features: Tensor) -> float:
    return float(features[0, 0])
