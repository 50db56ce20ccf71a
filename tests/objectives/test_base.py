"""The scale that a reference gives, what a weight is, and what an objective is given."""

import pytest

from eigenview._errors import UsageError
from eigenview.objectives import Reference
from eigenview.objectives.base import weight


def test_scale_is_unknown_without_a_bound() -> None:
    assert Reference(collapsed=1.0, uniform=None, best=None).scale(0.5) is None
    assert Reference(collapsed=1.0, uniform=1.0, best=1.0).scale(1.0) is None


def test_scale_is_linear_between_collapse_and_bound() -> None:
    reference = Reference(collapsed=2.0, uniform=0.0, best=-6.0)
    assert [reference.scale(loss) for loss in (2.0, 0.0, -6.0, 4.0)] == [0, 0.25, 1, -0.25]


@pytest.mark.parametrize("bad", [-0.1, float("nan"), float("inf")])
def test_a_weight_is_finite_and_not_negative(bad: float) -> None:
    with pytest.raises(UsageError, match=f"^local must be a finite weight, 0 or more, not {bad}$"):
        weight("local", bad)
    assert weight("local", 0.0) == 0
