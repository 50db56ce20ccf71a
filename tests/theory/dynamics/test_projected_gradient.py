"""Projected gradient descent under each constraint, and of the end-to-end map alone."""

import numpy as np
import pytest

from eigenview.theory.dynamics import (
    end_to_end_descent,
    flow,
    optimum,
    orthonormal_factors,
    project_onto_constraint,
    projected_gradient_descent,
)

d, z, h = 5, 2, 12
n = 6  # inputs of the end-to-end maps


def draw(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def matrix(seed: int) -> np.ndarray:
    M = draw(seed, d, d)
    return (M + M.T) / 2


@pytest.mark.parametrize("seed", range(4))
def test_from_anywhere_it_ends_in_the_optimum(seed):
    C = matrix(seed)
    found = projected_gradient_descent(C, draw(seed, h, d), draw(seed + 9, h, z), 0.05, 3000, every=3000)
    assert found.trajectory.losses[-1] == pytest.approx(optimum(C, z).value, rel=1e-6)
    for weight in (found.W1, found.W2):
        np.testing.assert_allclose(weight.T @ weight, np.eye(weight.shape[1]), atol=1e-9)


def test_a_step_is_what_it_says():
    C, W1, W2 = matrix(0), draw(1, h, d), draw(2, h, z)
    W1, W2 = (np.linalg.qr(weight)[0] for weight in (W1, W2))
    found = projected_gradient_descent(C, W1, W2, 0.03, 1)
    expected = []
    for weight, slope in ((W1, 2 * W2 @ W2.T @ W1 @ C), (W2, 2 * W1 @ C @ W1.T @ W2)):
        left, _, right = np.linalg.svd(weight - 0.03 * slope, full_matrices=False)
        expected.append(left @ right)
    np.testing.assert_allclose(found.W1, expected[0], atol=1e-12)
    np.testing.assert_allclose(found.W2, expected[1], atol=1e-12)
    np.testing.assert_allclose(found.trajectory.times, [0, 0.03])


def test_a_width_below_the_dimension_keeps_rows_orthonormal():
    found = projected_gradient_descent(matrix(0), draw(1, 3, d), draw(2, 3, z), 0.05, 20)
    np.testing.assert_allclose(found.W1 @ found.W1.T, np.eye(3), atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_under_a_frobenius_norm_it_ends_at_rank_one(seed):
    C = matrix(seed)
    found = projected_gradient_descent(C, draw(seed, h, d), draw(seed + 9, h, z), 0.05, 4000, "frobenius", every=4000)
    singular = np.linalg.svd(found.trajectory.W[-1], compute_uv=False)
    assert singular[1] < 1e-6 * singular[0]
    assert found.trajectory.losses[-1] == pytest.approx(np.linalg.eigvalsh(C)[0], rel=1e-6)


def test_without_a_constraint_it_diverges():
    with pytest.raises(ValueError, match="diverged at step"):
        projected_gradient_descent(matrix(0), draw(1, h, d), draw(2, h, z), 0.05, 1000, "none")
    with pytest.raises(ValueError, match="loss overflows"):  # weights are finite, and the loss is not
        projected_gradient_descent(matrix(0), 1e80 * draw(1, h, d), 1e80 * draw(2, h, z), 0.05, 0, "none")


@pytest.mark.parametrize("largest", [0.5, 1.0])
def test_orthonormal_factors_are_orthonormal_and_give_the_map_back(largest):
    W = draw(0, z, d)
    W *= largest / np.linalg.norm(W, 2)
    full = int(largest == 1.0)
    W1, W2 = orthonormal_factors(W, d + z - full)
    np.testing.assert_allclose(W2.T @ W1, W, atol=1e-12)
    for weight in (W1, W2):
        np.testing.assert_allclose(weight.T @ weight, np.eye(weight.shape[1]), atol=1e-7)
    with pytest.raises(ValueError, match="width of at least"):
        orthonormal_factors(W, d + z - full - 1)
    with pytest.raises(ValueError, match="above 1"):
        orthonormal_factors(2 * W / largest, 20)


@pytest.mark.parametrize("condition", [10, 1e3, 1e6, 1e10])
@pytest.mark.parametrize("size", [1, 1e-200, 1e200])
def test_the_nearest_orthonormal_weight_of_a_nearly_dependent_one(condition, size):
    left, right = np.linalg.qr(draw(0, h, d))[0], np.linalg.qr(draw(1, d, d))[0]
    weight = size * (left * np.geomspace(1 / condition, 1, d)) @ right
    for found in (project_onto_constraint(weight), project_onto_constraint(weight.T).T):
        np.testing.assert_allclose(found.T @ found, np.eye(d), atol=1e-12)
        np.testing.assert_allclose(found, left @ right, atol=1e-14 * condition)


@pytest.mark.parametrize("size", [1e-200, 1, 1e200])
def test_the_nearest_weight_of_norm_one_has_its_direction(size):
    weight = draw(0, h, z)
    np.testing.assert_allclose(project_onto_constraint(size * weight, "frobenius"), weight / np.linalg.norm(weight))


def test_only_orthonormal_columns_need_as_many_rows():
    for constraint in ("frobenius", "none"):
        found = projected_gradient_descent(matrix(0), draw(1, 1, d), draw(2, 1, z), 0.01, 3, constraint)
        assert found.trajectory.W.shape == (4, z, d)


@pytest.mark.usefixtures("as_users_call")
def test_what_cannot_descend_is_refused():
    C, W1, W2 = matrix(0), draw(1, h, d), draw(2, h, z)
    for arguments, words in [
        ((C, W1[:, 1:], W2, 0.1, 1), "shapes of C"),
        ((C, W1[:1], W2[:1], 0.1, 1), "at width 1 at most 1"),
        ((C, np.full_like(W1, np.inf), W2, 0.1, 1), "not finite"),
        ((C, W1, W2, -0.1, 1), "rate must"),
        ((C, W1, W2, 0.1, 1, "other"), "constraint must"),
        ((draw(0, d, d), W1, W2, 0.1, 1), "symmetric"),
    ]:
        with pytest.raises(ValueError, match=words):
            projected_gradient_descent(*arguments)
    for constraint in ("orthonormal", "frobenius"):
        with pytest.raises(ValueError, match="weights are 0"):
            project_onto_constraint(np.zeros((4, 2)), constraint)
    for constraint in ("orthonormal", "frobenius", "none"):
        with pytest.raises(ValueError, match="weights are not finite"):
            project_onto_constraint(np.full((4, 2), np.nan), constraint)
    with pytest.raises(ValueError, match="dependent"):
        project_onto_constraint(np.ones((4, 2)))
    with pytest.raises(ValueError, match="weights are 0"):
        projected_gradient_descent(C, W1, 0 * W2, 0.1, 1, "frobenius")
    for W in (np.full((1, 2), np.nan), np.ones(3)):
        with pytest.raises(ValueError, match="W must be finite and"):
            orthonormal_factors(W, 9)


def of_signs(seed: int, negative: int = 3) -> np.ndarray:
    """C with a given number of negative eigenvalues."""
    generator = np.random.default_rng(seed)
    axes = np.linalg.qr(generator.normal(size=(n, n)))[0]
    size = generator.uniform(0.3, 1, n)
    return (axes * np.where(np.arange(n) < negative, -size, size)) @ axes.T


def start(seed: int, *singular: float) -> np.ndarray:
    generator = np.random.default_rng(seed)
    left, right = (np.linalg.qr(generator.normal(size=(side, len(singular))))[0] for side in (len(singular), n))
    return (left * singular) @ right.T


@pytest.mark.parametrize("rate", [0.01, 0.2, 2.0])
@pytest.mark.parametrize("singular", [(0.9, 0.2), (1.0, 0.5), (1.0, 1.0), (0.7, 0.5, 0.4, 0.1)])
def test_the_end_to_end_map_is_that_of_both_layers_at_any_rate_and_width(rate, singular):
    C, W = of_signs(0), start(1, *singular)
    found = end_to_end_descent(C, W, rate, 12)
    for h in (n + len(singular), 40):
        layers = projected_gradient_descent(C, *orthonormal_factors(W, h), rate, 12).trajectory
        np.testing.assert_allclose(found.W, layers.W, atol=1e-9)
        np.testing.assert_allclose(found.times, layers.times)
        np.testing.assert_allclose(found.losses, layers.losses, atol=1e-9)


def test_small_end_to_end_steps_tend_to_the_derived_flow():
    C, W = of_signs(2), start(2, 0.6, 0.3)
    off = []
    for rate in (1e-2, 5e-3):
        steps = end_to_end_descent(C, W, rate, round(2 / rate), every=10)
        off.append(np.abs(steps.W - flow(C, W, steps.times).W).max())
    assert off[0] / off[1] == pytest.approx(2, rel=0.1)
    assert off[1] < 0.02


@pytest.mark.parametrize("singular", [(1.0, 0.5), (1.0, 1.0)])
def test_singular_values_of_one_stay_where_nothing_would_keep_them(singular):
    """All eigenvalues are positive, and the origin would be better: what a width below n + z cannot reach."""
    C, held = of_signs(3, negative=0), singular.count(1.0)
    found = end_to_end_descent(C, start(3, *singular), 0.05, 4000, every=4000)
    np.testing.assert_allclose(np.linalg.svd(found.W[-1], compute_uv=False)[:held], 1, atol=1e-9)
    assert found.losses[-1] == pytest.approx(np.linalg.eigvalsh(C)[:held].sum(), rel=1e-6)


def test_the_end_to_end_map_ends_in_the_optimum_and_steps_asked_for_are_recorded():
    C = of_signs(4)
    found = end_to_end_descent(C, start(4, 0.5, 0.3), 0.2, 400, every=300)
    np.testing.assert_allclose(found.times, [0, 60, 80])
    assert found.losses[-1] == pytest.approx(optimum(C, z).value, rel=1e-3)


@pytest.mark.usefixtures("as_users_call")
def test_what_has_no_end_to_end_step_is_refused():
    C, W = of_signs(0), start(0, 0.5, 0.3)
    for arguments, words in [
        ((C, W[:, 1:], 0.1, 1), r"\[z, 6\]"),
        ((C, W * np.nan, 0.1, 1), "finite"),
        ((C, 3 * W, 0.1, 1), "above 1"),
        ((C, W, 0.0, 1), "rate must"),
        ((C, W, 0.1, -1), "steps at least 0"),
        ((np.triu(C), W, 0.1, 1), "symmetric"),
    ]:
        with pytest.raises(ValueError, match=words):
            end_to_end_descent(*arguments)
    with pytest.raises(ValueError, match="dependent"):  # W = I, C = I: both layers step to 0
        end_to_end_descent(np.eye(n), np.eye(n), 0.5, 1)
    with pytest.raises(ValueError, match="overflowed: use a smaller rate"):
        end_to_end_descent(C, W, 1e200, 3)
