"""Water-filling against a numerical minimum, and stationary points against the gradient."""

from math import inf

import numpy as np
import pytest
from scipy.optimize import minimize

from eigenview.theory.landscape.water_filling import stationary_on_support, water_fill

CASES = [(0.7, 0.0, 0.0), (0.7, 2.0, 1.5), (1.3, 0.2, 4.0), (0.5, 50.0, 1.0)]


def gains(seed: int) -> np.ndarray:
    return np.sort(np.random.default_rng(seed).normal(size=5))[::-1]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("quartic", "kappa", "target"), CASES)
def test_it_is_the_minimum(seed, quartic, kappa, target):
    k = gains(seed)

    def loss(h):
        return -k @ h + quartic * h @ h + kappa * (h.sum() - target) ** 2

    found, shift = water_fill(k, quartic, kappa, target)
    numerical = minimize(loss, np.ones(5), bounds=[(0, None)] * 5, options={"ftol": 1e-15, "gtol": 1e-10})
    np.testing.assert_allclose(found, numerical.x, atol=1e-5)
    assert shift == pytest.approx(2 * kappa * (target - found.sum()))


@pytest.mark.parametrize("seed", range(3))
def test_an_infinite_penalty_fixes_the_sum(seed):
    found, _ = water_fill(gains(seed), 0.7, inf, 1.5)
    assert found.sum() == pytest.approx(1.5)
    np.testing.assert_allclose(found, water_fill(gains(seed), 0.7, 1e9, 1.5)[0], atol=1e-6)


@pytest.mark.parametrize(("quartic", "kappa", "target"), CASES)
def test_the_gradient_vanishes_on_the_support(quartic, kappa, target):
    k, support = gains(0), np.array([True, False, True, True, False])
    h = stationary_on_support(k, support, quartic, kappa, target)
    assert not h[~support].any()
    slope = -k + 2 * quartic * h + 2 * kappa * (h.sum() - target)
    np.testing.assert_allclose(slope[support], 0, atol=1e-12)


def test_an_empty_support_is_the_origin():
    assert not stationary_on_support(gains(0), np.zeros(5, bool), 1.0, 2.0, 1.0).any()
