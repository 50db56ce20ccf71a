"""How often nearest neighbours, and nearest negatives, share the label: by hand, by numpy, by chance."""

from functools import partial

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from eigenview.measures import label_negatives, label_neighbours
from eigenview.testing import MeasureTestCase
from eigenview.testing.draws import gaussian

LABELS = torch.arange(48) % 4


def classes(noise: float, D: int = 8, N: int = 48) -> Tensor:
    return gaussian(4, D, seed=3)[torch.arange(N) % 4] + noise * gaussian(N, D)


# A permutation of samples alone gives them other labels.


class TestLabelNeighbours(MeasureTestCase):
    measure = staticmethod(partial(label_neighbours, labels=LABELS, k=5))
    unchanged_by = frozenset({"dimensions permuted", "rotated", "scaled", "rows scaled"})
    minimum, maximum = 0.0, 1.0

    def cloud(self) -> Tensor:
        return classes(0.7)


class TestLabelNegatives(MeasureTestCase):
    measure = staticmethod(partial(label_negatives, labels=torch.arange(360) % 2))
    unchanged_by = frozenset({"dimensions permuted", "rotated", "scaled", "rows scaled"})
    minimum, maximum = 0, 1

    def cloud(self) -> Tensor:
        return gaussian(3, 360, 8) + gaussian(360, 8, seed=2)


def test_neighbours_by_hand():
    degrees = torch.deg2rad(torch.tensor([0.0, 1.0, 3.0, 50.0, 52.0, 55.0], dtype=torch.float64))
    x = torch.stack([degrees.cos(), degrees.sin()], 1) * torch.tensor([1, 9, 1, 5, 1, 1])[:, None]
    labels = torch.tensor([0, 0, 1, 1, 1, 0])
    # Nearest: 1, 0, 1, 4, 3, 4.
    assert label_neighbours(x, labels) == pytest.approx(4 / 6)
    # Nearest two: {1, 2}, {0, 2}, {1, 0}, {4, 5}, {3, 5}, {4, 3}.
    assert label_neighbours(x, labels, k=2) == pytest.approx(4 / 12)


def test_neighbours_by_numpy():
    x = classes(0.7).numpy()
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    cosines = x @ x.T - 9 * np.eye(48)
    nearest = np.argsort(-cosines, axis=1)[:, :7]
    expected = np.mean(LABELS.numpy()[nearest] == LABELS.numpy()[:, None])
    assert label_neighbours(classes(0.7), LABELS, k=7) == pytest.approx(expected)


def test_classes_apart_are_their_own_neighbours_and_labels_without_meaning_are_at_chance():
    assert label_neighbours(classes(0.01), LABELS, k=11) == 1
    labels = (gaussian(3000) > 0.5).long()
    counts = labels.bincount().double()
    chance = float((counts * (counts - 1)).sum() / (3000 * 2999))
    # Four standard errors of a mean of 3,000.
    assert label_neighbours(gaussian(3000, 5, seed=1), labels) == pytest.approx(chance, abs=4 * 0.5 / 3000**0.5)
    # With all others as neighbours it is exact.
    assert label_neighbours(gaussian(48, 5), LABELS, k=47) == pytest.approx(11 / 47)


def test_digits_have_neighbours_of_their_class():
    x, labels = load_digits(return_X_y=True)
    assert label_neighbours(torch.from_numpy(x), torch.from_numpy(labels)) == pytest.approx(0.985, abs=0.01)


@pytest.mark.parametrize("k", [0, 48, -1])
def test_as_many_neighbours_as_there_are_others_at_most(k: int):
    with pytest.raises(ValueError, match="more than k rows, not 48"):
        label_neighbours(classes(0.1), LABELS, k)


def test_labels_that_are_not_one_a_row_are_refused():
    with pytest.raises(ValueError, match="not 47 labels"):
        label_neighbours(classes(0.1), LABELS[1:])
    with pytest.raises((ValueError, TypeError)):
        label_negatives(gaussian(2, 5, 4), torch.zeros(4, dtype=torch.int64))


def test_labels_of_clusters_and_of_noise():
    labels = torch.arange(300) % 3
    clusters = torch.eye(3, dtype=torch.float64)[labels] + 0.01 * gaussian(2, 300, 3)
    found = label_negatives(clusters, labels)
    assert found.share == 1
    assert found.chance == pytest.approx(99 / 299)
    noise = label_negatives(gaussian(2, 300, 8), labels)
    # Mutual neighbours make samples depend in pairs, so the error is up to √2 that of independent ones.
    assert noise.share == pytest.approx(noise.chance, abs=4 * (2 * (1 / 3) * (2 / 3) / 300) ** 0.5)


def test_labels_by_hand():
    z = torch.tensor([[[1.0, 0], [0.9, 0.1], [0, 1], [0.1, 0.8]]])
    found = label_negatives(z, torch.tensor([7, 7, 7, -2]))
    assert (found.share, found.chance) == (0.5, 0.5)
