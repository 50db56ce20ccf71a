"""Distances between rows, in tiles."""

import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from eigenview.measures import distances
from eigenview.measures.distances import nearest_distances, squared_distances
from eigenview.testing.draws import gaussian
from tests.memory import Memory


@pytest.fixture
def small_tiles(monkeypatch):
    """Tiles that a small cloud needs many of, in blocks of two or three."""
    monkeypatch.setattr(distances, "_ROWS", 7)
    monkeypatch.setattr(distances, "_COLUMNS", 11)
    monkeypatch.setattr("eigenview.linalg.chunking._BYTES", 8 * 5 * 17)


@pytest.mark.usefixtures("small_tiles")
def test_tiles_cover_the_matrix_of_distances_once():
    x = gaussian(60, 5) + 1e4
    found = torch.full((60, 60), -1.0, dtype=torch.float64)
    for rows, columns, tile in squared_distances(x):
        assert (found[rows, columns] == -1).all()
        found[rows, columns] = tile
    torch.testing.assert_close(found, torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist") ** 2)
    assert (found.diagonal() == 0).all()


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("k", [1, 2, 13, 59])
def test_nearest_are_those_of_a_second_library(k):
    x = gaussian(60, 5)
    expected, _ = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(x.numpy()).kneighbors()
    torch.testing.assert_close(nearest_distances(x, k), torch.from_numpy(expected), rtol=1e-9, atol=0)


def test_a_duplicate_is_at_zero_and_a_near_one_is_not():
    x = gaussian(50, 300) + 1e5
    x[7], x[8] = x[30], x[31] + 1e-9
    nearest = nearest_distances(x, 1)[:, 0]
    assert (nearest[[7, 30]] == 0).all()
    near = (x[8] - x[31]).norm().expand(2)
    torch.testing.assert_close(nearest[[8, 31]], near, rtol=1e-12, atol=0)


def test_memory_does_not_grow_with_the_square_of_the_rows(monkeypatch):
    monkeypatch.setattr(distances, "_ROWS", 256)
    monkeypatch.setattr(distances, "_COLUMNS", 1024)
    x = gaussian(4000, 2)
    with Memory() as memory:
        nearest_distances(x, 2)
    assert memory.peak < 8 * len(x) ** 2 / 10
