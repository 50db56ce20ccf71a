"""Entropies of clouds where they are known."""

from functools import partial
from math import e, log, pi

import numpy as np
import pytest
import torch
from torch import Tensor

from eigenview.measures import log_det_entropy, pairwise_entropy
from eigenview.testing import MeasureTestCase
from eigenview.testing.draws import gaussian, rotation


def normal_entropy(variance: float, D: int) -> float:
    return D / 2 * log(2 * pi * e * variance)


def mixture_entropy(means: Tensor, variance: float, samples: int = 40_000) -> float:
    """By Monte Carlo: minus the mean of the mixture's log density at its own samples."""
    N, D = means.shape
    generator = torch.Generator().manual_seed(9)
    which = torch.randint(N, (samples,), generator=generator)
    x = means[which] + variance**0.5 * torch.randn(samples, D, dtype=torch.float64, generator=generator)
    logs = (-torch.cdist(x, means).square() / (2 * variance)).logsumexp(1) - log(N) - D / 2 * log(2 * pi * variance)
    return -float(logs.mean())


def test_log_det_of_a_known_covariance():
    """Rows ±√(2λ_i)·axis, over N − 1: the covariance has eigenvalues known exactly."""
    values = torch.tensor([4.0, 1.0, 0.25], dtype=torch.float64)
    axes = rotation(5)[:3] * values.sqrt()[:, None]
    x = torch.cat([axes, -axes]) + 7
    expected = (2 / 5 * values + 0.1).log().sum() / 2 + 2 / 2 * log(0.1)
    assert log_det_entropy(x, 0.1) == pytest.approx(float(expected), rel=1e-12)


def test_log_det_of_a_normal_cloud_is_its_entropy():
    scales = torch.tensor([3.0, 1.0, 0.2], dtype=torch.float64)
    found = log_det_entropy(gaussian(20_000, 3) * scales, 1e-9) + 3 / 2 * log(2 * pi * e)
    assert found == pytest.approx(normal_entropy(1, 3) + float(scales.log().sum()), abs=0.03)


def test_log_det_is_no_less_than_the_entropy_of_another_law():
    """Uniform in a cube has entropy 0, a normal law of its covariance log(2πe/12)/2 each dimension."""
    x = torch.rand(20_000, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = log_det_entropy(x, 1e-9) + 4 / 2 * log(2 * pi * e)
    assert found == pytest.approx(4 / 2 * log(2 * pi * e / 12), abs=0.03)
    assert found > 0


def test_log_det_where_the_ridge_is_below_the_rounding_of_large_variances():
    """Rows that span four of ten dimensions, so large that β is lost beside their variance."""
    x = 1e8 * gaussian(5, 10)
    variances = np.linalg.svd(x.numpy() - x.numpy().mean(0), compute_uv=False)[:4] ** 2 / 4
    # The fifth singular value is rounding: its square is somewhere between 0 and 1e-30 of the largest.
    found = log_det_entropy(x, 1.0)
    assert found == pytest.approx(np.log(variances).sum() / 2, rel=1e-6)
    assert log_det_entropy(torch.cat([x, x]), 1.0) == pytest.approx(found - 2 * log(9 / 8), abs=1e-2)


@pytest.mark.parametrize("ridge", [0.01, 2.0])
def test_log_det_of_collapse_is_the_least(ridge):
    assert log_det_entropy(torch.ones(6, 4), ridge) == pytest.approx(4 / 2 * log(ridge))


@pytest.mark.parametrize("spread", [0.1, 0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("D", [1, 3])
def test_bounds_lie_about_the_entropy_of_the_mixture(spread, D):
    means = spread * gaussian(25, D)
    bounds = pairwise_entropy(means, variance=0.5)
    true = mixture_entropy(means, 0.5)
    assert bounds.lower - 0.02 < true < bounds.upper + 0.02
    assert bounds.lower < bounds.upper


def test_bounds_meet_where_components_are_far_apart():
    means = 1e3 * rotation(12)
    bounds = pairwise_entropy(means, variance=2.0)
    assert bounds.lower == pytest.approx(log(12) + normal_entropy(2, 12), rel=1e-12)
    assert bounds.upper == pytest.approx(bounds.lower, rel=1e-12)


def test_bounds_meet_where_components_are_one():
    bounds = pairwise_entropy(torch.ones(9, 5))
    assert bounds.lower == pytest.approx(normal_entropy(5 / 4, 5))
    assert bounds.upper == pytest.approx(bounds.lower)


def test_two_components_by_hand():
    bounds = pairwise_entropy(torch.tensor([[0.0], [3.0]]), variance=1.0)
    for bound, divergence in ((bounds.upper, 9 / 2), (bounds.lower, 9 / 8)):
        assert bound == pytest.approx(normal_entropy(1, 1) - log((1 + np.exp(-divergence)) / 2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: log_det_entropy(gaussian(1, 3)), "two rows, not 1"),
        (lambda: log_det_entropy(gaussian(5, 3), 0.0), "ridge must be positive and finite, not 0.0"),
        (lambda: pairwise_entropy(gaussian(0, 3)), "empty"),
        (lambda: pairwise_entropy(gaussian(5, 3), float("nan")), "variance must be positive and finite, not nan"),
    ],
)
def test_what_has_no_entropy_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


class TestLogDetEntropy(MeasureTestCase):
    measure = staticmethod(log_det_entropy)
    unchanged_by = frozenset({"samples permuted", "dimensions permuted", "rotated", "shifted"})
    minimum = 4 * log(0.01)


class TestPairwiseEntropy(MeasureTestCase):
    measure = staticmethod(partial(pairwise_entropy, variance=0.3))
    unchanged_by = TestLogDetEntropy.unchanged_by
    minimum, maximum = normal_entropy(0.3, 8), normal_entropy(0.3, 8) + log(48)
