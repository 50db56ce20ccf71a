"""The solved landscape against descents on it from many starts."""

from itertools import product
from math import inf

import numpy as np
import pytest
import scipy.optimize

from eigenview.theory.landscape import EffectiveLandscape, modes_of
from tests.theory.landscape.matrices import covariances

d = 4


def landscape(seed: int, commute: bool = False, **more) -> EffectiveLandscape:
    """B of both signs: half of the modes collapse, more or less."""
    A0, C = covariances(seed, d, commute)
    return EffectiveLandscape(A0 - C, A0 + C, **more)


def descended(of: EffectiveLandscape, D: int, starts: int = 6) -> list[np.ndarray]:
    """Where BFGS ends, from random starts."""
    generator = np.random.default_rng(0)

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        W = flat.reshape(D, d)
        return of.value(W), of.gradient(W).ravel()

    tight = {"gtol": 1e-9, "maxiter": 5000}
    ends = [scipy.optimize.minimize(loss, generator.normal(size=D * d), jac=True, options=tight) for _ in range(starts)]
    return [end.x.reshape(D, d) for end in ends]


KINDS = [
    {},
    {"quartic": 0.3},
    {"kappa": 0.4, "target": 1.5},
    {"kappa": 3.0, "target": 0.2, "quartic": 2.0},
    {"kappa": 3.0, "target": 3.0, "bias": True},
    {"kappa": 3.0, "target": 0.2, "bias": True},
    {"kappa": 2.0, "target": 1.0, "quartic": 0.0},
]


@pytest.mark.parametrize("D", [1, 2, 6])
@pytest.mark.parametrize("commute", [False, True])
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_descent_ends_in_the_predicted_minimum(kind, commute, D):
    of = landscape(1, commute, **kind)
    expected = of.minimum(D)
    for W in descended(of, D):
        assert of.value(W) == pytest.approx(expected.value, rel=1e-7, abs=1e-9)
        np.testing.assert_allclose(W.T @ W, expected.gram, atol=2e-4)
        assert np.linalg.matrix_rank(W @ of.sigma @ W.T, tol=1e-3) == expected.rank


@pytest.mark.parametrize("seed", range(4))
def test_as_many_modes_survive_as_b_has_positive_eigenvalues_and_w_has_rows(seed):
    of = landscape(seed)
    positive = modes_of(of.B).surviving
    assert 0 < positive < d
    assert [of.survivors(D) for D in range(1, d + 1)] == [min(D, positive) for D in range(1, d + 1)]


@pytest.mark.parametrize("kind", [{}, {"quartic": 0.3}, {"kappa": 0.4, "target": 1.5}], ids=str)
@pytest.mark.parametrize("commute", [False, True])
def test_at_every_mask_the_loss_is_flat_or_there_is_no_point(kind, commute):
    of = landscape(2, commute, **kind)
    found = 0
    for mask in product([False, True], repeat=d):
        try:
            point = of.stationary(np.array(mask))
        except ValueError:
            continue
        found += 1
        W = point.weights(d)
        np.testing.assert_allclose(of.gradient(W), 0, atol=1e-9)
        assert of.value(W) == pytest.approx(point.value)
        assert point.value >= of.minimum().value - 1e-12
        np.testing.assert_allclose(W.T @ W, point.gram, atol=1e-12)
    assert found >= 2 ** modes_of(of.B).surviving


def test_where_axes_are_shared_the_printed_form_holds():
    of = landscape(3, commute=True)
    values, axes = np.linalg.eigh(of.B)
    kept = (axes * np.maximum(values, 0)) @ axes.T
    inverse = np.linalg.inv(of.sigma)
    np.testing.assert_allclose(of.minimum().gram, inverse @ kept @ inverse / 2, atol=1e-12)


@pytest.mark.parametrize("bias", [False, True])
def test_the_variance_that_is_missing_is_that_of_proposition_5(bias):
    of = landscape(4, kappa=0.7, target=2.0, bias=bias)
    mask = np.array([True, True, False, False])
    total = of.gains[mask].sum()
    assert total / 2 < of.target
    point = of.stationary(mask)
    rho = np.trace(point.gram @ of.sigma)
    expected = of.target - total / 2 if bias else (of.target - total / 2) / (1 + 0.7 * 2)
    assert of.target - rho == pytest.approx(expected)
    assert point.bias == pytest.approx(expected if bias else 0.0)


def test_a_bias_changes_nothing_where_the_variance_would_be_too_large():
    of = landscape(4, kappa=0.7, target=0.1, bias=True)
    with_bias, without = of.minimum(), of.without_bias().minimum()
    np.testing.assert_array_equal(with_bias.modes, without.modes)
    assert with_bias.bias == 0


@pytest.mark.parametrize("target", [0.05, 0.5, 3.0])
@pytest.mark.parametrize("D", [2, 4])
def test_a_held_variance_is_the_limit_of_a_stiff_one(target, D):
    held, stiff = (landscape(5, kappa=kappa, target=target) for kappa in (inf, 1e7))
    np.testing.assert_allclose(held.minimum(D).modes, stiff.minimum(D).modes, atol=1e-5)
    assert held.minimum(D).modes.sum() == pytest.approx(target)
    assert held.value(held.minimum(D).weights(D)) == pytest.approx(held.minimum(D).value)


@pytest.mark.parametrize("target", [0.02, 0.2, 3.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_held_variance_keeps_the_largest_set_that_meets_the_condition(seed, target):
    """Against every set of the largest, by the condition itself, λ_i + 2c/d_M > λ̄ (App. D.1)."""
    of = landscape(seed, kappa=inf, target=target)
    sets = [of.gains[:m] for m in range(1, d + 1)]
    largest = [kept for kept in sets if (kept + 2 * target / len(kept) > kept.mean()).all()][-1]
    assert of.survivors() == len(largest)


def test_no_point_of_a_held_variance_is_better():
    of = landscape(7, kappa=inf, target=0.8)
    generator = np.random.default_rng(0)
    best = of.minimum()
    for _ in range(500):
        W = best.weights(d) + 0.3 * generator.normal(size=(d, d))
        W *= np.sqrt(0.8 / np.trace(W @ of.sigma @ W.T))
        assert of.value(W) > best.value


def test_without_a_quartic_one_mode_takes_all_or_none():
    A0, C = covariances(8, d)
    least = min(np.linalg.eigvals(np.linalg.solve(A0 + C, C)).real)
    below, above = (EffectiveLandscape(-C, A0 + C, 0.0, kappa, 1.5) for kappa in np.array([0.99, 1.01]) * least / 3)
    assert (below.survivors(), above.survivors()) == (0, 1)


def test_the_curvature_at_the_origin_is_that_of_the_loss():
    of = landscape(9, kappa=0.4, target=1.5)
    curvature = of.hessian_at_origin()
    for seed in range(3):
        w = 1e-4 * np.random.default_rng(seed).normal(size=(1, d))
        change = of.value(w) + of.value(-w) - 2 * of.value(np.zeros((1, d)))
        assert change == pytest.approx(float((w @ curvature @ w.T)[0, 0]), rel=1e-5)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_gradient_is_that_of_the_value(kind):
    of, W = landscape(10, **kind), np.random.default_rng(0).normal(size=(3, d))
    for direction in np.eye(3 * d).reshape(-1, 3, d):
        slope = (of.value(W + 1e-5 * direction) - of.value(W - 1e-5 * direction)) / 2e-5
        assert (of.gradient(W) * direction).sum() == pytest.approx(slope, rel=1e-6, abs=1e-7)


def test_directions_without_variance_are_left_alone():
    A0, C = covariances(11, 3)
    wide = np.random.default_rng(0).normal(size=(5, 3))
    narrow = EffectiveLandscape(A0 - 0.7 * C, A0 + C).minimum()
    of = EffectiveLandscape(wide @ (A0 - 0.7 * C) @ wide.T, wide @ (A0 + C) @ wide.T)
    assert of.minimum().value == pytest.approx(narrow.value)
    assert of.minimum().rank == narrow.rank
    W = of.minimum().weights(5)
    np.testing.assert_allclose(of.gradient(W), 0, atol=1e-9)


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((np.eye(2), np.eye(3)), "the same size"),
        ((np.eye(2), -np.eye(2)), "not a covariance"),
        ((np.array([[1.0, 2.0], [0.0, 1.0]]), np.eye(2)), "symmetric"),
        ((np.full((2, 2), np.nan), np.eye(2)), "not finite"),
        ((np.eye(2), np.diag([1.0, 0.0])), "no variance in 1 direction"),
        ((np.eye(2), np.eye(2), 0.0), "without quartic and kappa"),
        ((np.eye(2), np.eye(2), -1.0), "quartic must"),
        ((np.eye(2), np.eye(2), 1.0, -1.0), "kappa must"),
        ((np.eye(2), np.eye(2), 1.0, 1.0), "target must"),
    ],
)
def test_what_is_no_landscape_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        EffectiveLandscape(*arguments)


@pytest.mark.usefixtures("as_users_call")
def test_what_there_is_not_is_refused():
    of = landscape(1)
    with pytest.raises(ValueError, match="at most 1 modes, not 2"):
        of.stationary(np.array([True, True, False, False]), D=1)
    with pytest.raises(ValueError, match="not have a positive variance"):
        of.stationary(np.array([False, False, False, True]))
    with pytest.raises(ValueError, match="one per mode"):
        of.stationary(np.array([True]))
    with pytest.raises(ValueError, match="at least 1"):
        of.minimum(0)
    with pytest.raises(ValueError, match="variance is fixed"):
        landscape(1, kappa=inf, target=1.0).gradient(np.eye(d))
    with pytest.raises(ValueError, match="rows"):
        of.minimum().weights(1)
