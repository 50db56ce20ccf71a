"""Trajectories map points, and refuse times and losses that cannot be."""

import numpy as np
import pytest

from eigenview.theory.dynamics import Trajectory
from eigenview.theory.dynamics.trajectory import increasing, quadratic_losses


def trajectory() -> Trajectory:
    W = np.random.default_rng(0).normal(size=(3, 2, 4))
    return Trajectory(np.arange(3.0), W, quadratic_losses(W, np.eye(4)))


def test_new_points_are_mapped_at_each_time():
    found, x = trajectory(), np.random.default_rng(1).normal(size=(5, 4))
    outputs = found.outputs(x)
    np.testing.assert_allclose(outputs[0], x @ found.W[0].T, atol=1e-12)
    np.testing.assert_allclose(outputs[1, 3], found.W[1] @ x[3])
    for wrong in (x[:, 1:], np.full((1, 4), np.nan)):
        with pytest.raises(ValueError, match=r"^points must be finite and \[N, d\] with d = 4 as in W"):
            found.outputs(wrong)


def test_losses_are_quadratic_in_the_map():
    found = trajectory()
    np.testing.assert_allclose(found.losses, np.square(found.W).sum((1, 2)))
    C = np.diag([1.0, -1.0, 0.0, 2.0])
    np.testing.assert_allclose(quadratic_losses(found.W, C)[2], np.trace(found.W[2] @ C @ found.W[2].T))


def test_a_loss_that_overflows_is_refused():
    with pytest.raises(ValueError, match="its loss overflows at 1 of 2 times"):
        quadratic_losses(np.array([[[1.0]], [[1e200]]]), np.eye(1))


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize("times", [[], [-1.0], [1.0, 1.0], [2.0, 1.0], [np.nan], [[0.0]]], ids=str)
def test_times_that_do_not_increase_are_refused(times):
    np.testing.assert_array_equal(increasing(np.array([0, 2])), [0.0, 2.0])
    with pytest.raises(ValueError, match=r"^times must be finite, increasing and nonnegative$"):
        increasing(np.array(times))
