"""Nearest negatives: which they are, how far they are, and the displacements from them."""

import sys
from functools import partial

import pytest
import torch
from torch import Tensor

from eigenview.measures import (
    displacements,
    nearest_negative_distance,
    nearest_negative_distances,
    nearest_negatives,
)
from eigenview.testing import MeasureTestCase
from eigenview.testing.draws import gaussian


def by_loops(z: Tensor) -> list[int]:
    K, P, _ = z.shape
    found = []
    for i in range(P):
        similarity = {
            k * P + j: float(torch.cosine_similarity(z[0, i], z[k, j], dim=0))
            for k in range(K)
            for j in range(P)
            if j != i
        }
        found.append(max(similarity, key=similarity.__getitem__))
    return found


@pytest.mark.parametrize("side", [2896, 5, 7])
@pytest.mark.parametrize("K", [1, 2, 3])
def test_the_most_similar_view_of_another_sample(K, side, monkeypatch):
    monkeypatch.setattr(sys.modules["eigenview.measures.nearest_negatives"], "_SIDE", side)
    z = gaussian(K, 17, 4)
    assert nearest_negatives(z).tolist() == by_loops(z)


def test_views_that_are_not_contiguous():
    z = gaussian(17, 2, 4).transpose(0, 1)
    assert nearest_negatives(z).tolist() == by_loops(z)


def test_own_views_are_no_negatives_and_the_first_of_equals_is_taken():
    assert nearest_negatives(torch.ones(2, 4, 3)).tolist() == [1, 0, 0, 0]


def test_length_does_not_matter():
    z = gaussian(2, 9, 4)
    assert torch.equal(nearest_negatives(z * gaussian(2, 9, 1, seed=1).exp()), nearest_negatives(z))


def test_displacements_by_hand():
    h = torch.tensor([[[0.0, 0], [1, 0]], [[0, 2], [3, 5]]])
    assert displacements(h, torch.tensor([3, 0])).tolist() == [[-3, -3], [3, 5]]
    assert displacements(h.half(), torch.tensor([3, 0])).dtype == torch.float32
    assert displacements(h.double(), torch.tensor([3, 0])).dtype == torch.float64


def test_distances_by_loops():
    h, z = gaussian(2, 11, 5) + 100, gaussian(2, 11, 4, seed=1)
    flat = h.flatten(0, 1)
    others = [(h[0, i] - h[k, j]).square().sum() for i in range(11) for k in range(2) for j in range(11) if i != j]
    expected = (h[0] - flat[nearest_negatives(z)]).norm(dim=1) / torch.stack(others).mean().sqrt()
    torch.testing.assert_close(nearest_negative_distances(h, z), expected)
    assert nearest_negative_distance(h, z) == pytest.approx(float(expected.mean()))


def test_neighbours_that_mean_nothing_are_as_far_as_any():
    distances = nearest_negative_distances(gaussian(2, 500, 6), gaussian(2, 500, 6, seed=1)).square()
    assert distances.mean() == pytest.approx(1, abs=4 * float(distances.std()) / 500**0.5)


def test_the_same_features_everywhere_are_at_no_distance():
    assert nearest_negative_distance(torch.ones(2, 5, 3), gaussian(2, 5, 3)) == 0


def test_what_cannot_be_measured_is_refused():
    h, z = gaussian(2, 5, 3), gaussian(2, 5, 4)
    with pytest.raises(ValueError, match="at least 2 samples"):
        nearest_negatives(z[:, :1])
    with pytest.raises(ValueError, match="second views"):
        displacements(h[:1], torch.zeros(5, dtype=torch.int64))
    with pytest.raises(ValueError, match="rows 0 to 9"):
        displacements(h, torch.full((5,), 10))
    with pytest.raises((ValueError, TypeError)):
        nearest_negative_distance(h, z[:, :4])
    h[1, 2, 0] = torch.inf
    for measure in (nearest_negatives, partial(displacements, nearest=nearest_negatives(z))):
        with pytest.raises(ValueError, match="not finite"):
            measure(h)


class TestNearestNegativeDistance(MeasureTestCase):
    measure = staticmethod(nearest_negative_distance)
    unchanged_by = frozenset({"samples permuted", "dimensions permuted", "rotated", "scaled"})

    def cloud(self) -> Tensor:
        return gaussian(3, 24, 8) + gaussian(24, 8, seed=2)
