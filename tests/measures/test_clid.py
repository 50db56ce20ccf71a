"""Cluster learnability of clouds where it is known, and CLID."""

import pytest
import torch
from torch import Tensor

from eigenview.measures import clid, cluster_learnability, two_nn
from eigenview.testing import MeasureTestCase
from eigenview.testing.draws import gaussian


def test_groups_far_apart_are_told_apart():
    x = torch.eye(10, dtype=torch.float64)[torch.arange(400) % 5] + 0.05 * gaussian(400, 10)
    assert cluster_learnability(x, clusters=5) == 1


def test_on_a_circle_rows_err_at_borders_alone():
    """The gaps beside a row are exponential, so it errs with ½e^(−2λx) at x from a border: half a row for each border.

    That is for borders anywhere; those at which k-means comes to rest have wider gaps than most, and fewer errors.
    """
    accuracies = []
    for seed in range(5):
        angle = 2 * torch.pi * torch.rand(2000, generator=torch.Generator().manual_seed(seed))
        accuracies.append(cluster_learnability(torch.stack([angle.cos(), angle.sin()], 1), clusters=50, seed=seed))
    assert 0.2 < 1000 * (1 - sum(accuracies) / 5) / 50 < 0.5


def test_a_cloud_without_structure_is_hard_to_learn_and_harder_in_more_dimensions():
    plane, many = cluster_learnability(gaussian(900, 3)), cluster_learnability(gaussian(900, 60))
    assert many < 0.3 < 0.6 < plane


def test_collapse_gives_one():
    assert cluster_learnability(torch.ones(50, 4)) == 1


def test_a_vote_of_all_known_rows_names_the_largest_cluster():
    x = torch.eye(2)[(torch.arange(100) >= 70).long()]
    assert cluster_learnability(x, clusters=2, neighbours=50) == pytest.approx(0.7, abs=0.1)


def test_the_seed_is_the_only_chance():
    x = gaussian(300, 8)
    assert cluster_learnability(x, seed=3) == cluster_learnability(x, seed=3)
    assert len({cluster_learnability(x, seed=seed) for seed in range(6)}) > 1


def test_clid_is_the_sum_of_its_parts():
    x = gaussian(200, 8)
    assert clid(x, seed=2) == pytest.approx(cluster_learnability(x, seed=2) + two_nn(x))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cluster_learnability(gaussian(3, 5)), "at least 4 rows, not 3"),
        (lambda: cluster_learnability(gaussian(9, 5), clusters=1), "between 2 and the 9 rows, not 1"),
        (lambda: cluster_learnability(gaussian(9, 5), clusters=10), "between 2 and the 9 rows, not 10"),
        (lambda: cluster_learnability(gaussian(9, 5), neighbours=5), "half of the 9 rows, not 5"),
        (lambda: clid(torch.ones(9, 5)), "duplicate"),
    ],
)
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


class Case(MeasureTestCase):
    def cloud(self) -> Tensor:
        """More rows than elsewhere: an accuracy comes in steps."""
        return gaussian(300, 8) * torch.logspace(0, -1, 8, dtype=torch.float64) + 0.5


class TestClusterLearnability(Case):
    measure = staticmethod(cluster_learnability)
    unchanged_by = frozenset({"dimensions permuted", "rotated", "scaled", "rows scaled"})
    maximum = 1.0


class TestClid(Case):
    measure = staticmethod(clid)
    unchanged_by = frozenset({"dimensions permuted", "rotated", "scaled"})
