"""The floor over batch sizes, and the sizes around its peak, by counting."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from eigenview.theory.capacity import batch_sizes_below, capacity_at, error_curve


@pytest.mark.parametrize("agreement", [0.5, 1.0])
def test_the_line_is_that_of_single_sizes(agreement):
    sizes = np.array([512, 1, 64, 3])
    line = error_curve(sizes, 64, 4, agreement)
    single = [capacity_at(int(P), 64, 4, agreement) for P in sizes]
    assert line.D == 64
    assert line.P.tolist() == sizes.tolist()
    assert line.uniform.tolist() == [each.uniform_percent_error for each in single]
    assert line.collapsed.tolist() == [each.collapsed_percent_error for each in single]
    assert error_curve(sizes.tolist(), 64, 4, agreement).uniform.tolist() == line.uniform.tolist()


def test_the_line_peaks_where_sizes_meet_and_only_there():
    line = error_curve(np.arange(1, 300), 100)
    assert line.P[line.uniform.argmax()] == 100
    assert (np.diff(line.uniform[:100]) > 0).all()
    assert (np.diff(line.uniform[99:]) < 0).all()


@pytest.mark.parametrize("share", [0.05, 0.5, 0.99])
@pytest.mark.parametrize("D", [2, 3, 10, 64, 257])
def test_sizes_away_from_the_worst_are_those_that_counting_finds(D, share):
    aim = share * capacity_at(D, D).uniform_percent_error
    line = error_curve(np.arange(1, 20 * D), D)
    low = line.P[line.uniform <= aim]
    found = batch_sizes_below(D, share)
    assert (found.below, found.above) == (low[low < D].max(), low[low > D].min())


def test_half_of_the_worst():
    # At D = 256 half of the floor is at P = 142; P = 64 has a fifth of it.
    assert batch_sizes_below(256).below == 142
    shares = [capacity_at(P, 256).uniform_percent_error / capacity_at(P, 256).worst_percent_error for P in (128, 64)]
    assert shares == pytest.approx([0.0672 / 0.1512, 0.0323 / 0.1512], abs=1e-3)


@pytest.mark.usefixtures("as_users_call")
def test_wrong_inputs_are_refused():
    def refused(match: str, function: Callable[..., Any], *given: Any) -> None:
        with pytest.raises(ValueError, match=match):
            function(*given)

    for sizes in (np.zeros(0, int), np.ones((2, 2), int), 5):
        refused("P must be a list of batch sizes", error_curve, sizes, 64)
    for sizes in ([0], [2.0], [None], ["a"], [True]):
        refused("P must be an integer", error_curve, sizes, 64)
    for D in (1, 2.5):
        refused("D must be an integer", batch_sizes_below, D)
    for share in (0.0, 1.0, -1.0, float("nan")):
        refused("share must be between 0 and 1", batch_sizes_below, 64, share)
