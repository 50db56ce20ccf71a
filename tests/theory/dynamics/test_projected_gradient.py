"""Descents under each constraint."""

import numpy as np
import pytest

from eigenview.theory.dynamics import brought_back, lifted, optimum, projected_descent, unconstrained_flow

d, z, h = 5, 2, 12


def draw(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def matrix(seed: int) -> np.ndarray:
    M = draw(seed, d, d)
    return (M + M.T) / 2


@pytest.mark.parametrize("seed", range(4))
def test_from_anywhere_it_ends_in_the_optimum(seed):
    C = matrix(seed)
    found = projected_descent(C, draw(seed, h, d), draw(seed + 9, h, z), 0.05, 3000, every=3000)
    assert found.trajectory.losses[-1] == pytest.approx(optimum(C, z).value, rel=1e-6)
    for weight in (found.W1, found.W2):
        np.testing.assert_allclose(weight.T @ weight, np.eye(weight.shape[1]), atol=1e-9)


def test_a_step_is_what_it_says():
    C, W1, W2 = matrix(0), draw(1, h, d), draw(2, h, z)
    W1, W2 = (np.linalg.qr(weight)[0] for weight in (W1, W2))
    found = projected_descent(C, W1, W2, 0.03, 1)
    expected = []
    for weight, slope in ((W1, 2 * W2 @ W2.T @ W1 @ C), (W2, 2 * W1 @ C @ W1.T @ W2)):
        left, _, right = np.linalg.svd(weight - 0.03 * slope, full_matrices=False)
        expected.append(left @ right)
    np.testing.assert_allclose(found.W1, expected[0], atol=1e-12)
    np.testing.assert_allclose(found.W2, expected[1], atol=1e-12)
    np.testing.assert_allclose(found.trajectory.times, [0, 0.03])


def test_a_width_below_the_dimension_keeps_rows_orthonormal():
    found = projected_descent(matrix(0), draw(1, 3, d), draw(2, 3, z), 0.05, 20)
    np.testing.assert_allclose(found.W1 @ found.W1.T, np.eye(3), atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_under_a_frobenius_norm_it_ends_at_rank_one(seed):
    C = matrix(seed)
    found = projected_descent(C, draw(seed, h, d), draw(seed + 9, h, z), 0.05, 4000, "frobenius", every=4000)
    singular = np.linalg.svd(found.trajectory.W[-1], compute_uv=False)
    assert singular[1] < 1e-6 * singular[0]
    assert found.trajectory.losses[-1] == pytest.approx(np.linalg.eigvalsh(C)[0], rel=1e-6)


def test_without_a_constraint_it_diverges():
    with pytest.raises(ValueError, match="diverged at step"):
        projected_descent(matrix(0), draw(1, h, d), draw(2, h, z), 0.05, 1000, "none")
    with pytest.raises(ValueError, match="loss overflows"):  # weights are finite, and the loss is not
        projected_descent(matrix(0), 1e80 * draw(1, h, d), 1e80 * draw(2, h, z), 0.05, 0, "none")


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


@pytest.mark.parametrize("largest", [0.5, 1.0])
def test_what_is_lifted_is_orthonormal_and_gives_the_map_back(largest):
    W = draw(0, z, d)
    W *= largest / np.linalg.norm(W, 2)
    full = int(largest == 1.0)
    W1, W2 = lifted(W, d + z - full)
    np.testing.assert_allclose(W2.T @ W1, W, atol=1e-12)
    for weight in (W1, W2):
        np.testing.assert_allclose(weight.T @ weight, np.eye(weight.shape[1]), atol=1e-7)
    with pytest.raises(ValueError, match="width of at least"):
        lifted(W, d + z - full - 1)
    with pytest.raises(ValueError, match="above 1"):
        lifted(2 * W / largest, 20)


@pytest.mark.parametrize("condition", [10, 1e3, 1e6, 1e10])
@pytest.mark.parametrize("size", [1, 1e-200, 1e200])
def test_the_nearest_orthonormal_weight_of_a_nearly_dependent_one(condition, size):
    left, right = np.linalg.qr(draw(0, h, d))[0], np.linalg.qr(draw(1, d, d))[0]
    weight = size * (left * np.geomspace(1 / condition, 1, d)) @ right
    for found in (brought_back(weight), brought_back(weight.T).T):
        np.testing.assert_allclose(found.T @ found, np.eye(d), atol=1e-12)
        np.testing.assert_allclose(found, left @ right, atol=1e-14 * condition)


@pytest.mark.parametrize("size", [1e-200, 1, 1e200])
def test_the_nearest_weight_of_norm_one_has_its_direction(size):
    weight = draw(0, h, z)
    np.testing.assert_allclose(brought_back(size * weight, "frobenius"), weight / np.linalg.norm(weight))


def test_only_orthonormal_columns_need_as_many_rows():
    for constraint in ("frobenius", "none"):
        found = projected_descent(matrix(0), draw(1, 1, d), draw(2, 1, z), 0.01, 3, constraint)
        assert found.trajectory.W.shape == (4, z, d)


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
def test_what_cannot_descend_is_refused():
    C, W1, W2 = matrix(0), draw(1, h, d), draw(2, h, z)
    for arguments, words in [
        ((C, W1[:, 1:], W2, 0.1, 1), "do not fit"),
        ((C, W1[:1], W2[:1], 0.1, 1), "more than a width of 1"),
        ((C, np.full_like(W1, np.inf), W2, 0.1, 1), "not finite"),
        ((C, W1, W2, -0.1, 1), "rate must"),
        ((C, W1, W2, 0.1, 1, "other"), "constraint must"),
        ((draw(0, d, d), W1, W2, 0.1, 1), "symmetric"),
    ]:
        with pytest.raises(ValueError, match=words):
            projected_descent(*arguments)
    for constraint in ("orthonormal", "frobenius"):
        with pytest.raises(ValueError, match="weights are 0"):
            brought_back(np.zeros((4, 2)), constraint)
    for constraint in ("orthonormal", "frobenius", "none"):
        with pytest.raises(ValueError, match="weights are not finite"):
            brought_back(np.full((4, 2), np.nan), constraint)
    with pytest.raises(ValueError, match="dependent"):
        brought_back(np.ones((4, 2)))
    with pytest.raises(ValueError, match="weights are 0"):
        projected_descent(C, W1, 0 * W2, 0.1, 1, "frobenius")
    for W in (np.full((1, 2), np.nan), np.ones(3)):
        with pytest.raises(ValueError, match="W must be finite, and"):
            lifted(W, 9)
    with pytest.raises(ValueError, match="W must be finite"):
        unconstrained_flow(C, np.zeros((z, d)), np.zeros(1))
    with pytest.raises(ValueError, match="times"):
        unconstrained_flow(C, np.eye(z, d), np.array([-1.0]))
