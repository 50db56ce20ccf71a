"""Self-clustering of clouds whose Gram matrix is known."""

import numpy as np
import pytest
import torch

from eigenview.measures import self_clustering
from tests.measures.case import MeasureTestCase, draw, rotation


def test_uniform_rows_have_none_in_the_mean():
    values = [self_clustering(draw(20, 6, seed=seed)) for seed in range(300)]
    assert abs(np.mean(values)) < 4 * np.std(values) / 300**0.5


def test_it_is_what_the_matrix_of_cosines_gives():
    x = draw(30, 7) + 1
    N, D = x.shape
    cosines = torch.nn.functional.cosine_similarity(x[:, None], x[None], dim=2)
    expected = (D * (cosines**2).sum() - N * (D + N - 1)) / ((D - 1) * (N - 1) * N)
    assert self_clustering(x) == pytest.approx(float(expected))


def test_a_line_has_all_of_it():
    assert self_clustering(draw(50, 1) * draw(1, 9)) == pytest.approx(1)


@pytest.mark.parametrize(("N", "D"), [(5, 9), (9, 9), (36, 9)])
def test_rows_that_are_as_even_as_can_be_have_the_least(N, D):
    x = rotation(D).repeat(4, 1)[:N]
    assert self_clustering(x) == pytest.approx(-1 / (max(N, D) - 1))


def test_two_groups_at_right_angles():
    """Half of the squared cosines are 1, half 0: N²/2 in all."""
    x = torch.eye(4)[:2].repeat(50, 1)
    assert self_clustering(x) == pytest.approx((4 * 5000 - 100 * 103) / (3 * 99 * 100))


def test_rows_of_zeros_are_left_out():
    x = draw(20, 5)
    assert self_clustering(torch.cat([x, torch.zeros(7, 5)])) == pytest.approx(self_clustering(x))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.ones(5, 1), "two dimensions, not 1"),
        (torch.ones(1, 5), "two rows that are not zero, not 1"),
        (torch.zeros(5, 5), "two rows that are not zero, not 0"),
    ],
)
def test_what_has_no_directions_is_refused(x, message):
    with pytest.raises(ValueError, match=message):
        self_clustering(x)


class TestSelfClustering(MeasureTestCase):
    measure = staticmethod(self_clustering)
    unchanged_by = frozenset({"samples permuted", "dimensions permuted", "rotated", "scaled", "rows scaled"})
    least, most = -1 / 47, 1.0
