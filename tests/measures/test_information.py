"""What views tell of each other, where it is known."""

from itertools import permutations
from math import log, pi

import numpy as np
import pytest
import torch
from scipy.stats import norm
from torch import Tensor

from eigenview.measures import information_bound, log_det_entropy, reconstruction
from eigenview.testing import MeasureTestCase
from eigenview.testing.draws import gaussian


def noisy(K: int, P: int, D: int, noise: float) -> Tensor:
    """Views of normal samples of variance 1, each with its own normal noise."""
    return gaussian(P, D) + noise * gaussian(K, P, D, seed=1)


@pytest.mark.parametrize("K", [2, 3, 5])
def test_reconstruction_is_the_mean_log_density_over_pairs(K):
    z = noisy(K, 20, 4, 0.5)
    pairs = list(permutations(range(K), 2))
    densities = [norm.logpdf(z[k], loc=z[j], scale=0.7).sum(1).mean() for k, j in pairs]
    assert reconstruction(z, variance=0.49) == pytest.approx(np.mean(densities))


def test_the_fitted_variance_is_the_best():
    z = noisy(3, 50, 4, 0.3)
    best = reconstruction(z)
    squared = torch.stack([(z[k] - z[j]).square().mean() for k, j in permutations(range(3), 2)]).mean()
    assert best == pytest.approx(reconstruction(z, variance=float(squared)))
    assert best > max(reconstruction(z, variance=float(squared) * factor) for factor in (0.9, 1.1))
    assert best == pytest.approx(-2 * (log(2 * pi * squared) + 1))


def test_the_bound_for_normal_views_is_known():
    """H is that of variance 1 + s², and q's best variance is 2s²: the value is ½D·log((1 + s²)/2s²)."""
    noise, D = 0.4, 3
    bound = information_bound(noisy(2, 20_000, D, noise))
    assert bound.value == pytest.approx(D / 2 * log((1 + noise**2) / (2 * noise**2)), abs=0.05)
    # The information itself, of two normal numbers of correlation 1/(1 + s²), is more: q is not the best of its kind.
    information = -D / 2 * log(1 - 1 / (1 + noise**2) ** 2)
    assert bound.value < information


def test_it_is_no_bound_where_embeddings_are_far_from_normal():
    """Views that agree on a sign, and no more, share one bit; the value says much more."""
    sign = gaussian(2000, 1).sign()
    bound = information_bound(sign + 1e-3 * gaussian(2, 2000, 1, seed=1))
    assert bound.value > 5 * log(2)


def test_parts_add_up_and_are_what_they_say():
    z = noisy(2, 30, 5, 0.3)
    bound = information_bound(z, variance=0.2, ridge=0.1)
    assert bound.value == bound.entropy + bound.reconstruction
    assert bound.reconstruction == reconstruction(z, variance=0.2)
    assert bound.entropy == pytest.approx(log_det_entropy(z.reshape(-1, 5), 0.1) + 5 / 2 * log(2 * pi) + 5 / 2)


def test_with_a_fitted_variance_only_the_ridge_has_a_scale():
    z = noisy(2, 30, 5, 0.3)
    assert information_bound(7 * z, ridge=49e-6).value == pytest.approx(information_bound(z, ridge=1e-6).value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: reconstruction(gaussian(1, 5, 3)), "at least 2 views"),
        (lambda: reconstruction(gaussian(1, 5, 3).expand(2, -1, -1)), "no variance to fit"),
        # A mean of three equal numbers need not equal them.
        (lambda: reconstruction(gaussian(1, 5, 3).expand(3, -1, -1)), "no variance to fit"),
        (lambda: reconstruction(gaussian(2, 5, 3), variance=-1.0), "variance must be positive and finite, not -1.0"),
        (lambda: information_bound(gaussian(2, 5, 3), ridge=0.0), "ridge must be positive and finite, not 0.0"),
    ],
)
def test_what_tells_nothing_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


class Case(MeasureTestCase):
    unchanged_by = frozenset({"samples permuted", "views permuted", "dimensions permuted", "rotated", "shifted"})
    minimum = -np.inf

    def cloud(self) -> Tensor:
        return noisy(3, 20, 6, 0.4)


class TestReconstruction(Case):
    measure = staticmethod(reconstruction)


class TestInformationBound(Case):
    measure = staticmethod(information_bound)
