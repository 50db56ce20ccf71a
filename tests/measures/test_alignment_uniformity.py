"""Alignment, cosines of pairs, the norm of centroids, and uniformity."""

from inspect import unwrap
from itertools import combinations
from math import cos, log, pi, sin, sqrt

import numpy as np
import pytest
import torch
from torch import Tensor

from eigenview.linalg import chunking as blocks
from eigenview.linalg import log_mean_exp_cosine
from eigenview.measures import alignment, centroid_norm, pair_cosines, uniformity
from eigenview.testing import MeasureTestCase
from eigenview.testing.draws import gaussian
from tests.memory import Memory

ON_THE_SPHERE = frozenset({"samples permuted", "dimensions permuted", "rotated", "scaled", "rows scaled"})
VIEWS = ON_THE_SPHERE | {"views permuted"}
PAIRED = pytest.mark.parametrize("measure", [alignment, centroid_norm])


def views(K: int = 3, P: int = 20, D: int = 6, noise: float = 0.5) -> Tensor:
    """Views that are near each other."""
    return gaussian(P, D) + noise * gaussian(K, P, D, seed=1)


def at_angle(angle: float, P: int = 7) -> Tensor:
    """Pairs of views of any length at an angle, each pair in a plane of its own."""
    plane = torch.stack([torch.linalg.qr(gaussian(5, 2, seed=p)).Q.T for p in range(P)], 1)
    return torch.stack([plane[0], cos(angle) * plane[0] + sin(angle) * plane[1]]) * gaussian(2, P, 1, seed=9).exp()


class TestAlignment(MeasureTestCase):
    measure = staticmethod(alignment)
    unchanged_by = VIEWS
    minimum, maximum = 0.0, 4.0

    def cloud(self) -> Tensor:
        return views()


class TestCentroidNorm(MeasureTestCase):
    measure = staticmethod(centroid_norm)
    unchanged_by = VIEWS
    minimum, maximum = 0.0, 1.0

    def cloud(self) -> Tensor:
        return views()


class TestUniformity(MeasureTestCase):
    measure = staticmethod(uniformity)
    unchanged_by = ON_THE_SPHERE
    minimum, maximum = -8.0, 0.0


def test_alignment_is_over_pairs_of_views():
    x = views(K=4).numpy()
    x /= np.linalg.norm(x, axis=-1, keepdims=True)
    expected = np.mean([((a - b) ** 2).sum(-1).mean() for a, b in combinations(x, 2)])
    assert alignment(views(K=4)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("angle", [1e-7, 1e-3, 0.5, pi / 2, 3.0, pi])
def test_two_views_at_an_angle(angle: float):
    assert alignment(at_angle(angle)) == pytest.approx(4 * np.sin(angle / 2) ** 2, rel=1e-6)
    assert centroid_norm(at_angle(angle)) == pytest.approx(cos(angle / 2), abs=1e-12)


def test_equal_views_are_aligned_at_any_spread():
    z = gaussian(1, 30, 8).expand(4, 30, 8)
    assert alignment(z) == pytest.approx(0, abs=1e-28)
    assert centroid_norm(z) == pytest.approx(1)


@pytest.mark.parametrize("K", [2, 5])
def test_unrelated_views_in_many_dimensions(K: int):
    z = gaussian(K, 400, 1000)
    # A cosine has a standard deviation of 1/√1000; there are 400 of them at least.
    assert alignment(z) == pytest.approx(2, abs=0.02)
    assert centroid_norm(z) == pytest.approx(1 / sqrt(K), abs=0.01)


@PAIRED
def test_blocks_change_nothing(measure, monkeypatch: pytest.MonkeyPatch):
    whole = measure(views())
    monkeypatch.setattr(blocks, "_BYTES", 8 * 6 * 3 * 7)
    assert measure(views()) == pytest.approx(whole, rel=1e-12)


@PAIRED
def test_memory_does_not_grow_with_samples(measure, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(blocks, "_BYTES", 2**17)
    z = torch.randn(2, 10_000, 50, generator=torch.Generator().manual_seed(0))
    with Memory() as memory:
        measure(z)
    assert memory.peak < 8 * 2**17


@PAIRED
def test_zero_views_are_no_direction(measure):
    z = views(K=2)
    z[1] = 0
    assert measure(z) == pytest.approx({alignment: 1, centroid_norm: 0.5}[measure])


@PAIRED
def test_rows_that_are_nobodys_views_are_refused(measure):
    # As a user calls it, without the check of shapes that tests have.
    with pytest.raises(ValueError, match=r"whose views rows are, not \[20, 6\]"):
        unwrap(measure)(gaussian(20, 6))


@PAIRED
def test_one_view_or_no_sample_is_refused(measure):
    with pytest.raises(ValueError, match="at least 2 views of each sample, not 1"):
        measure(views(K=1))
    with pytest.raises(ValueError, match="at least 1 samples, not 0"):
        measure(views(P=0))


def test_uniformity_is_over_pairs_of_different_rows():
    x = (gaussian(40, 6) + 0.5).numpy()
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    expected = log(np.mean([np.exp(-2 * ((a - b) ** 2).sum()) for a, b in combinations(x, 2)]))
    assert uniformity(gaussian(40, 6) + 0.5) == pytest.approx(expected, rel=1e-10)


def test_uniformity_of_known_clouds():
    assert uniformity(torch.ones(10, 3)) == pytest.approx(0, abs=1e-6)
    assert uniformity(torch.tensor([[5.0, 0.0], [-0.1, 0.0]])) == pytest.approx(-8)
    simplex = torch.eye(9, dtype=torch.float64) - 1 / 9
    assert uniformity(simplex) == pytest.approx(-4 * 9 / 8)


@pytest.mark.parametrize("D", [3, 20, 200])
def test_uniform_rows_reach_the_integral(D: int):
    assert uniformity(gaussian(2000, D)) == pytest.approx(log_mean_exp_cosine(4.0, D) - 4, abs=0.01)


def test_uniformity_of_one_row_is_refused():
    with pytest.raises(ValueError, match="at least two rows, not 1"):
        uniformity(gaussian(1, 4))


def test_uniformity_holds_no_matrix_of_pairs(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(blocks, "_BYTES", 2**16)
    x = torch.randn(4000, 4, generator=torch.Generator().manual_seed(0))
    with Memory() as memory:
        uniformity(x)
    assert memory.peak < 4 * 4000**2 / 2


class TestPairCosines(MeasureTestCase):
    measure = staticmethod(pair_cosines)
    unchanged_by = frozenset(
        {"samples permuted", "views permuted", "dimensions permuted", "rotated", "scaled", "rows scaled"}
    )
    minimum, maximum = -1.0, 1.0

    def cloud(self):
        return gaussian(1, 24, 6) + 0.5 * gaussian(3, 24, 6, seed=1) + 0.3


def test_cosines_are_means_over_all_pairs():
    z = gaussian(3, 5, 4)
    u = torch.nn.functional.normalize(z, dim=-1)
    cosines = torch.einsum("kpd,lqd->kplq", u, u)
    same_sample, same_view = torch.eye(5).bool()[None, :, None, :], torch.eye(3).bool()[:, None, :, None]
    found = pair_cosines(z)
    assert found.views == pytest.approx(float(cosines[(same_sample & ~same_view).expand_as(cosines)].mean()))
    assert found.samples == pytest.approx(float(cosines[(~same_sample).expand_as(cosines)].mean()))


def test_cosines_of_equal_rows_and_of_the_corners_of_a_simplex():
    alike = pair_cosines(torch.ones(2, 4, 3))
    assert (alike.views, alike.samples) == pytest.approx((1, 1))
    corners = torch.eye(4) - 0.25
    simplex = pair_cosines(corners.expand(2, 4, 4))
    assert (simplex.views, simplex.samples) == pytest.approx((1, -1 / 3))


def test_cosines_do_not_depend_on_blocks(monkeypatch):
    z = gaussian(2, 30, 4)
    whole = pair_cosines(z)
    monkeypatch.setattr(blocks, "_BYTES", 8 * 2 * 4 * 7)
    assert vars(pair_cosines(z)) == pytest.approx(vars(whole))


@pytest.mark.parametrize("shape", [(1, 8, 4), (2, 1, 4)])
def test_cosines_need_two_views_of_two_samples(shape):
    with pytest.raises(ValueError, match=r"at least 2 (views|samples)"):
        pair_cosines(gaussian(*shape))
