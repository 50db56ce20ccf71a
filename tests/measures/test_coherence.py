"""Coherence and self-clustering of rows whose singular vectors or Gram matrix are known."""

import numpy as np
import pytest
import torch
from scipy.stats import ortho_group

from eigenview.measures import coherence, self_clustering
from eigenview.testing import MeasureTestCase
from eigenview.testing.draws import gaussian, rotation


def test_uniform_rows_have_none_in_the_mean():
    values = [self_clustering(gaussian(20, 6, seed=seed)) for seed in range(300)]
    assert abs(np.mean(values)) < 4 * np.std(values) / 300**0.5


def test_it_is_what_the_matrix_of_cosines_gives():
    x = gaussian(30, 7) + 1
    N, D = x.shape
    cosines = torch.nn.functional.cosine_similarity(x[:, None], x[None], dim=2)
    expected = (D * (cosines**2).sum() - N * (D + N - 1)) / ((D - 1) * (N - 1) * N)
    assert self_clustering(x) == pytest.approx(float(expected))


def test_a_line_has_all_of_it():
    assert self_clustering(gaussian(50, 1) * gaussian(1, 9)) == pytest.approx(1)


@pytest.mark.parametrize(("N", "D"), [(5, 9), (9, 9), (36, 9)])
def test_rows_that_are_as_even_as_can_be_have_the_least(N, D):
    x = rotation(D).repeat(4, 1)[:N]
    assert self_clustering(x) == pytest.approx(-1 / (max(N, D) - 1))


def test_two_groups_at_right_angles():
    """Half of the squared cosines are 1, half 0: N²/2 in all."""
    x = torch.eye(4)[:2].repeat(50, 1)
    assert self_clustering(x) == pytest.approx((4 * 5000 - 100 * 103) / (3 * 99 * 100))


def test_rows_of_zeros_are_left_out():
    x = gaussian(20, 5)
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
    minimum, maximum = -1 / 47, 1.0


class TestCoherence(MeasureTestCase):
    measure = staticmethod(coherence)
    unchanged_by = frozenset({"samples permuted", "dimensions permuted", "rotated", "scaled", "dimensions stretched"})
    minimum, maximum = 1.0, 6.0


def test_coherence_is_the_largest_row_of_an_orthonormal_basis() -> None:
    x = gaussian(60, 12) + 1
    Q = np.linalg.qr(x.numpy()).Q
    assert coherence(x) == pytest.approx(60 / 12 * (Q**2).sum(1).max())


def test_samples_that_share_directions_alike_have_coherence_one() -> None:
    angles = 2 * torch.pi * torch.arange(32)[:, None] / 32 * torch.arange(1, 5)
    assert coherence(torch.cat([angles.cos(), angles.sin()], 1)) == pytest.approx(1)
    assert coherence(gaussian(10, 40)) == pytest.approx(1)
    assert coherence(torch.from_numpy(ortho_group.rvs(9, random_state=0))) == pytest.approx(1)


def test_a_sample_with_a_direction_to_itself_has_all_coherence() -> None:
    x = torch.nn.functional.pad(gaussian(59, 3), (0, 1))
    assert coherence(torch.cat([x, torch.tensor([[0, 0, 0, 0.3]])])) == pytest.approx(60 / 4)


@pytest.mark.parametrize("D", [9, 10, 11])
def test_coherence_of_about_as_many_samples_as_dimensions(D: int) -> None:
    x = gaussian(10, 3) @ gaussian(3, D, seed=1)
    U = np.linalg.svd(x.numpy())[0][:, :3]
    assert coherence(x) == pytest.approx(10 / 3 * (U**2).sum(1).max())


def test_rank_and_not_dimensions_counts_in_coherence() -> None:
    x = gaussian(60, 4)
    assert coherence(x @ gaussian(4, 20)) == pytest.approx(coherence(x))
    assert coherence(x[:10] @ gaussian(4, 20)) == pytest.approx(coherence(x[:10]))
