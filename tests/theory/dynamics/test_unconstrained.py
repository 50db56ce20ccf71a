"""The flow without a constraint, against small steps and in closed form."""

import numpy as np
import pytest

from eigenview.theory.dynamics import unconstrained_flow

d, z = 5, 2


def draw(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def matrix(seed: int) -> np.ndarray:
    M = draw(seed, d, d)
    return (M + M.T) / 2


def test_one_layer_without_a_constraint_is_closed_and_of_rank_one():
    C, W = matrix(3), draw(4, z, d)
    found = unconstrained_flow(C, W, np.array([0.0, 0.7, 50.0]))
    exponential = W.copy()
    for _ in range(7000):
        exponential = exponential - 2e-4 * exponential @ C @ (np.eye(d) - 1e-4 * C)  # a step of second order
    np.testing.assert_allclose(np.exp(found.log_norms[1]) * found.directions[1], exponential, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(np.exp(found.log_norms[0]) * found.directions[0], W, atol=1e-12)
    singular = np.linalg.svd(found.directions[2], compute_uv=False)
    assert singular[1] < 1e-9
    held = W / np.linalg.norm(W)
    for _ in range(7000):
        slope = held @ C @ (np.eye(d) - 1e-4 * C)
        held = held - 2e-4 * slope
        held /= np.linalg.norm(held)
    np.testing.assert_allclose(found.directions[1], held, atol=1e-7)
    assert found.log_norms[2] > 50


def test_without_a_constraint_no_scale_and_no_time_overflows():
    C, W, times = np.diag([-1.0, -0.4, 0.5]), np.array([[0.3, 0.2, 0.1]]), np.array([0.0, 2.0])
    expected = unconstrained_flow(C, W, times)
    for size in (1e-250, 1e250):
        found = unconstrained_flow(C, size * W, times)
        np.testing.assert_allclose(found.directions, expected.directions)
        np.testing.assert_allclose(found.log_norms, expected.log_norms + np.log(size))
    late = unconstrained_flow(C, np.array([[1e-300, 1.0, 1.0]]), np.array([100.0, 1e4]))
    np.testing.assert_allclose(late.directions, [[[0, 1, 0]], [[1, 0, 0]]], atol=1e-9)
    np.testing.assert_allclose(late.log_norms, [80, 2e4 + np.log(1e-300)])
    with pytest.raises(ValueError, match="too long"):
        unconstrained_flow(1e200 * C, W, np.array([1e200]))


@pytest.mark.usefixtures("as_users_call")
def test_what_cannot_flow_is_refused():
    C = matrix(0)
    with pytest.raises(ValueError, match="W must be finite"):
        unconstrained_flow(C, np.zeros((z, d)), np.zeros(1))
    with pytest.raises(ValueError, match="times"):
        unconstrained_flow(C, np.eye(z, d), np.array([-1.0]))
