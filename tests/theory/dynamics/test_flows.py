"""Flows against the descent that they stand for, and against closed forms."""

import numpy as np
import pytest

from eigenview.theory.dynamics import euler_steps, flow, optimum, orthonormal_factors, projected_gradient_descent

d, z, h = 6, 2, 24


def matrix(seed: int, negative: int = 3) -> np.ndarray:
    """C with some negative eigenvalues."""
    generator = np.random.default_rng(seed)
    axes = np.linalg.qr(generator.normal(size=(d, d)))[0]
    size = generator.uniform(0.3, 1, d)
    return (axes * np.where(np.arange(d) < negative, -size, size)) @ axes.T


def orthonormal(seed: int, *columns: int) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [np.linalg.qr(generator.normal(size=(h, n)))[0] for n in columns]


def furthest(of: np.ndarray, another: np.ndarray) -> float:
    """The largest distance at any time, over the largest length."""
    return float(np.linalg.norm(of - another, axis=(1, 2)).max() / np.linalg.norm(another, axis=(1, 2)).max())


@pytest.mark.parametrize("seed", range(2))
def test_the_derived_flow_is_the_limit_of_projected_descent_and_the_printed_one_is_not(seed):
    C, (W1, W2) = matrix(seed), orthonormal(seed, d, z)
    found = projected_gradient_descent(C, W1, W2, rate=1e-3, steps=6000, every=100).trajectory
    derived, printed = (flow(C, W2.T @ W1, found.times, kind) for kind in ("derived", "printed"))
    assert furthest(derived.W, found.W) < 2e-3
    assert 0.02 < furthest(printed.W, found.W) < 0.2
    for each in (derived, printed):
        assert each.losses[-1] == pytest.approx(found.losses[-1], rel=1e-2)
    assert found.losses[-1] == pytest.approx(optimum(C, z).value, rel=1e-2)


def test_a_smaller_step_is_nearer_to_the_flow_in_proportion():
    C, (W1, W2) = matrix(0), orthonormal(0, d, z)
    off = []
    for rate in (2e-2, 1e-2, 5e-3):
        found = projected_gradient_descent(C, W1, W2, rate, round(2 / rate)).trajectory
        off.append(furthest(flow(C, W2.T @ W1, found.times).W, found.W))
    np.testing.assert_allclose(np.array(off[:-1]) / off[1:], 2, rtol=0.1)


def test_width_does_not_matter_from_where_it_has_room():
    C = matrix(1)
    W = 0.7 * orthonormal(1, z)[0][:d].T
    paths = [
        projected_gradient_descent(C, *orthonormal_factors(W, width), 0.01, 200).trajectory.W
        for width in (d + z, 20, 60)
    ]
    for path in paths[1:]:
        np.testing.assert_allclose(path, paths[0], atol=1e-9)


@pytest.mark.parametrize("kind", ["derived", "printed"])
def test_euler_steps_tend_to_the_flow(kind):
    C, W = matrix(2), orthonormal(2, z)[0][:d].T
    off = []
    for rate in (1e-2, 5e-3):
        steps = euler_steps(C, W, rate, round(1 / rate), kind)
        off.append(furthest(flow(C, W, steps.times, kind).W, steps.W))
    assert off[0] / off[1] == pytest.approx(2, rel=0.1)


@pytest.mark.parametrize("kind", ["derived", "printed"])
def test_what_is_optimal_does_not_move(kind):
    C = matrix(3)
    W = optimum(C, z).W
    np.testing.assert_allclose(flow(C, W, np.array([0.0, 5.0]), kind).W[1], W, atol=1e-9)


@pytest.mark.parametrize("kind", ["derived", "printed"])
def test_orthonormal_rows_stay_so_where_nothing_would_keep_them(kind):
    """All eigenvalues are positive, and the origin would be better; the least bad directions are found."""
    C, W = matrix(6, negative=0), np.linalg.qr(np.random.default_rng(0).normal(size=(d, z)))[0].T
    found = flow(C, W, np.linspace(0, 60, 4), kind)
    for each in found.W:
        np.testing.assert_allclose(each @ each.T, np.eye(z), atol=1e-6)
    assert found.losses[-1] == pytest.approx(np.linalg.eigvalsh(C)[:z].sum(), rel=1e-4)


@pytest.mark.parametrize("kind", ["derived", "printed"])
@pytest.mark.parametrize("rounding", [0.0, 5e-7])
def test_some_singular_values_of_one_stay_so(kind, rounding):
    C, R = matrix(6, negative=0), np.linalg.qr(np.random.default_rng(1).normal(size=(d, d)))[0]
    W = np.diag([1 + rounding, 0.5]) @ R[:z]
    found = flow(C, W, np.linspace(0, 60, 7), kind)
    singular = np.linalg.svd(found.W, compute_uv=False)
    np.testing.assert_allclose(singular[:, 0], 1, atol=1e-5)
    assert singular[-1, 1] < 1e-6
    assert found.losses[-1] == pytest.approx(np.linalg.eigvalsh(C)[0], rel=1e-4)


def test_a_singular_value_of_one_is_that_of_descent_without_room_to_leave_it():
    C, R = matrix(6, negative=0), np.linalg.qr(np.random.default_rng(1).normal(size=(d, d)))[0]
    W = np.diag([1, 0.9]) @ R[:z]
    found = projected_gradient_descent(
        C, *orthonormal_factors(W, d + z - 1), rate=1e-3, steps=3000, every=100
    ).trajectory
    assert furthest(flow(C, W, found.times).W, found.W) < 2e-3


@pytest.mark.parametrize("kind", ["derived", "printed"])
def test_orthonormal_columns_cannot_move(kind):
    W = np.linalg.qr(np.random.default_rng(2).normal(size=(d + 2, d)))[0]
    for C in (matrix(1), matrix(6, negative=0)):
        np.testing.assert_allclose(flow(C, W, np.array([0.0, 60.0]), kind).W[-1], W, atol=1e-6)


def test_a_small_start_is_followed_as_well():
    """While W is small, it is W exp(−4Ct)."""
    C, W = matrix(2), 1e-12 * orthonormal(2, z)[0][:d].T
    eigenvalues, axes = np.linalg.eigh(C)
    expected = W @ (axes * np.exp(-4 * eigenvalues)) @ axes.T
    np.testing.assert_allclose(flow(C, W, np.array([1.0])).W[0], expected, rtol=1e-6, atol=1e-18)


def test_more_outputs_than_dimensions_are_followed_too():
    C, generator = matrix(0, negative=2), np.random.default_rng(0)
    W1, W2 = (np.linalg.qr(generator.normal(size=(d + 3, n)))[0] for n in (d, d + 2))
    descent = projected_gradient_descent(C, W1, W2, rate=1e-3, steps=3000, every=100).trajectory
    assert furthest(flow(C, W2.T @ W1, descent.times).W, descent.W) < 2e-3


@pytest.mark.parametrize("scale", [1e-150, 1e9, 1e200])
def test_the_scale_of_c_is_a_unit_of_time(scale):
    C, W, times = matrix(1), np.diag([1, 0.6]) @ orthonormal(1, z)[0][:d].T, np.array([0.0, 0.5, 3.0])
    W /= np.linalg.norm(W, 2)
    np.testing.assert_allclose(flow(scale * C, W, times / scale).W, flow(C, W, times).W, atol=1e-8)


def test_at_time_zero_it_is_the_start():
    W = orthonormal(0, z)[0][:d].T
    np.testing.assert_array_equal(flow(matrix(0), W, np.array([0.0])).W, W[None])


def test_the_loss_only_falls():
    C, W = matrix(5), orthonormal(5, z)[0][:d].T
    assert (np.diff(flow(C, W, np.linspace(0, 5, 50)).losses) < 1e-9).all()


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize(
    ("C", "W", "times", "kind", "words"),
    [
        (np.eye(3), np.eye(2), [0.0], "derived", r"W must be \[z, d\]"),
        (np.eye(2), 2 * np.eye(2), [0.0], "derived", "singular value above 1"),
        (np.eye(2), np.full((1, 2), np.nan), [0.0], "derived", "not finite"),
        (np.array([[0.0, 1.0], [0.0, 0.0]]), np.eye(2), [0.0], "derived", "symmetric"),
        (np.eye(2), np.eye(2), [1.0, 0.5], "derived", "increasing"),
        (np.eye(2), np.eye(2), [0.0], "other", "derived or printed"),
    ],
)
def test_what_cannot_flow_is_refused(C, W, times, kind, words):
    with pytest.raises(ValueError, match=words):
        flow(C, W, np.array(times), kind)


@pytest.mark.parametrize("precision", [0.0, -1.0, 1e-15, 1.0, np.nan])
def test_what_is_no_precision_is_refused(precision):
    with pytest.raises(ValueError, match="precision must"):
        flow(matrix(0), np.eye(z, d), np.ones(1), precision=precision)


def test_steps_that_are_too_large_are_refused():
    W = orthonormal(0, z)[0][:d].T
    with pytest.raises(ValueError, match="diverged"):
        euler_steps(100 * matrix(0), W, 1.0, 1000)
    with pytest.raises(ValueError, match="loss overflows"):  # W is finite, and the loss is not
        euler_steps(np.eye(1), np.ones((1, 1)) / 2, 1e160, 1)
    with pytest.raises(ValueError, match="rate"):
        euler_steps(matrix(0), W, 0.0, 10)
