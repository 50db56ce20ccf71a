"""Lengths of centroids, against centroids."""

import math

import numpy as np
import pytest

from eigenview.theory.capacity import centroid_length
from tests.theory.capacity.batches import uniform_rows


@pytest.mark.parametrize("K", [1, 2, 5])
def test_any_unit_views_have_it(K):
    z = uniform_rows(np.random.default_rng(K), K, 30, 4)
    cosines = np.einsum("kpd,lpd->pkl", z, z)
    agreement = (cosines.sum((1, 2)).mean() - K) / (K * (K - 1)) if K > 1 else 1.0
    assert centroid_length(K, agreement) == pytest.approx(np.sqrt(np.square(z.mean(0)).sum(1).mean()))


@pytest.mark.parametrize("K", [2, 3, 6])
def test_its_ends(K):
    simplex = np.eye(K) - 1 / K
    assert np.allclose(simplex.mean(0), 0)
    assert centroid_length(K, -1 / (K - 1)) == pytest.approx(0, abs=1e-12)
    assert centroid_length(K, 1.0) == 1
    assert centroid_length(K, 0.0) == pytest.approx(1 / math.sqrt(K))


def test_more_views_show_how_far_apart_they_are():
    lengths = [centroid_length(K, 0.6) for K in (1, 2, 4, 1000, 10**9)]
    assert (np.diff(lengths) < 0).all()
    assert lengths[-1] == pytest.approx(math.sqrt(0.6))


@pytest.mark.parametrize(("K", "agreement"), [(2, -1.1), (3, -0.51), (2, 1.001), (4, math.nan), (4, math.inf)])
def test_cosines_that_no_views_have_are_refused(K, agreement):
    with pytest.raises(ValueError, match=f"mean cosine of {K} views must be"):
        centroid_length(K, agreement)
