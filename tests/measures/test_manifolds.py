"""Capacity against cones whose statistical dimension is known, and against dichotomies that are parted."""

from functools import partial
from math import atan, pi, sqrt

import numpy as np
import pytest
import torch
from scipy.optimize import linprog
from torch import Tensor

from eigenview.measures import manifold_capacity, manifold_geometry
from eigenview.testing import MeasureTestCase
from eigenview.testing.draws import gaussian, rotation


def parted(views: np.ndarray, signs: np.ndarray) -> bool:
    """Whether some w has y·(w·view) ≥ 1 for all views [K, P, D]: a linear programme, not a projection."""
    rows = (-signs[:, None] * views).reshape(-1, views.shape[2])
    programme = linprog(np.zeros(views.shape[2]), rows, -np.ones(len(rows)), bounds=(None, None), method="highs")
    return programme.status == 0


def critical_dimension(views: Tensor, dimensions: list[int], dichotomies: int) -> float:
    """The dimension at which half of the dichotomies of randomly projected clouds are parted, interpolated."""
    generator = np.random.default_rng(0)
    x, shares = views.numpy(), []
    for n in dimensions:
        found = [
            parted(x @ generator.standard_normal((x.shape[2], n)), generator.choice([-1.0, 1.0], x.shape[1]))
            for _ in range(dichotomies)
        ]
        shares.append(np.mean(found))
    assert shares[0] < 0.5 < shares[-1]
    return float(np.interp(0.5, np.maximum.accumulate(shares), dimensions))


def clouds(K: int, P: int, D: int, radius: float) -> Tensor:
    """Views that scatter about random centres."""
    return gaussian(P, D) + radius * gaussian(K, P, D, seed=1)


def test_half_of_the_dichotomies_are_parted_where_it_says():
    views = clouds(3, 12, 40, 0.7)
    expected = 12 / manifold_capacity(views, draws=1000)
    around = round(expected)
    found = critical_dimension(views, list(range(around - 2, around + 3)), 60)
    assert found == pytest.approx(expected, abs=0.8)


@pytest.mark.slow
@pytest.mark.parametrize(("K", "P", "radius"), [(1, 40, 0.0), (2, 40, 0.5), (6, 30, 0.5), (6, 30, 2.0), (20, 20, 0.3)])
def test_half_of_the_dichotomies_are_parted_where_it_says_at_length(K, P, radius):
    views = clouds(K, P, 3 * P, radius)
    expected = P / manifold_capacity(views, draws=1000)
    around = round(expected)
    found = critical_dimension(views, list(range(around - 3, around + 4)), 200)
    assert found == pytest.approx(expected, abs=1.0)


def test_points_have_the_capacity_of_cover():
    """The projection onto the orthant keeps half of T's squares."""
    assert manifold_capacity(torch.eye(40)[None], draws=400) == pytest.approx(2, rel=0.03)


def test_views_that_are_all_the_same_are_points():
    points = gaussian(1, 20, 40)
    assert manifold_capacity(points.expand(5, -1, -1), draws=400) == pytest.approx(2, rel=0.05)


@pytest.mark.parametrize("span", [1, 2, 4])
def test_clouds_that_span_dimensions_to_both_sides(span):
    """Their cones are subspaces, onto which T has as many squares as dimensions."""
    base = rotation(20 * span).reshape(20, span, -1).transpose(0, 1)
    views = torch.cat([base, -base])
    assert manifold_capacity(views, draws=400) == pytest.approx(1 / span, rel=0.04)


def test_clouds_that_cannot_be_parted_give_the_floor():
    """The cone is everything, and ‖T‖² is D in the mean."""
    assert manifold_capacity(gaussian(4, 60, 6), draws=400) == pytest.approx(60 / 6, rel=0.1)


def test_wider_clouds_have_less_capacity():
    values = [manifold_capacity(clouds(4, 16, 60, radius)) for radius in (0.1, 0.3, 1.0, 3.0)]
    assert values == sorted(values, reverse=True)
    assert values[0] > 1.6 > 0.6 > values[-1]


def test_the_error_of_points_is_as_said():
    """Half of a normal number's squares have a variance of 5/4, so the relative error is √(5/(P·draws))."""
    values = [manifold_capacity(torch.eye(10)[None], draws=20, seed=seed) for seed in range(60)]
    assert np.std(values) / 2 == pytest.approx(sqrt(5 / (10 * 20)), rel=0.3)


@pytest.mark.parametrize("radius", [0.2, 1.0, 4.0])
def test_geometry_of_two_views(radius):
    """With T's angle off the centre uniform, s is tan(angle) up to the radius, and the radius beyond."""
    centres, axes = torch.eye(8, dtype=torch.float64), torch.eye(8, dtype=torch.float64).roll(1, 0)
    geometry = manifold_geometry(torch.stack([centres + radius * axes, centres - radius * axes]), draws=500)
    within = atan(radius)
    expected = sqrt((radius - within + radius**2 * (pi / 2 - within)) / pi + radius**2 / 2)
    assert geometry.radius == pytest.approx(expected, rel=0.02)
    assert geometry.dimension == pytest.approx(1, abs=0.08)


def test_geometry_of_small_simplices():
    """Far smaller than their distance, a cloud is met at the view farthest along t."""
    K, size = 6, 1e-3
    views = torch.zeros(K, 1, 7, dtype=torch.float64)
    views[:, 0, :K] = size * (torch.eye(K) - 1 / K)
    views[:, 0, K] = 1
    geometry = manifold_geometry(views, draws=4000)
    assert geometry.radius == pytest.approx(size * sqrt(1 - 1 / K), rel=1e-3)
    # Farthest of six is the largest of six normal numbers, less their mean: E max² − 1/K, over the length 1 − 1/K.
    largest = gaussian(200_000, K, seed=4).amax(1)
    expected = (largest.square().mean() - 1 / K) / (1 - 1 / K)
    assert geometry.dimension == pytest.approx(float(expected), rel=0.06)


def test_views_that_are_all_the_same_have_no_extent():
    geometry = manifold_geometry(gaussian(1, 5, 4).expand(3, -1, -1))
    assert geometry.radius == pytest.approx(0, abs=1e-12)
    assert geometry.dimension == 0


def test_more_spread_is_more_radius_and_more_directions_are_more_dimension():
    thin = clouds(16, 8, 60, 0.3)
    assert manifold_geometry(thin).radius < manifold_geometry(clouds(16, 8, 60, 0.9)).radius
    flat = gaussian(8, 60) + 0.3 * gaussian(16, 8, 1, seed=1) * gaussian(60, seed=2)
    assert manifold_geometry(flat).dimension < 1.3 < 2 < manifold_geometry(thin).dimension < 15


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: manifold_capacity(gaussian(0, 3, 4)), "at least 1 views of each sample"),
        (lambda: manifold_capacity(torch.zeros(2, 3, 4)), "all zeros"),
        (lambda: manifold_capacity(gaussian(2, 3, 4), draws=0), "draws must be at least 1, not 0"),
        (lambda: manifold_geometry(gaussian(1, 3, 4)), "at least 2 views of each sample"),
        (
            lambda: manifold_geometry(torch.stack([gaussian(3, 4), -gaussian(3, 4)])),
            "mean of a sample's views is the origin",
        ),
    ],
)
def test_what_is_no_cloud_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


class TestManifoldCapacity(MeasureTestCase):
    measure = staticmethod(partial(manifold_capacity, draws=30))
    unchanged_by = frozenset({"dimensions permuted", "rotated", "scaled", "rows scaled"})

    def cloud(self) -> Tensor:
        return clouds(3, 10, 24, 0.5)


class TestManifoldGeometry(MeasureTestCase):
    measure = staticmethod(partial(manifold_geometry, draws=30))
    unchanged_by = frozenset({"dimensions permuted", "rotated", "scaled"})

    def cloud(self) -> Tensor:
        return clouds(4, 10, 24, 0.5)
