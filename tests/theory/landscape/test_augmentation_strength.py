"""Critical strengths against counting, and misalignment against random axes."""

import numpy as np
import pytest

from eigenview.theory.landscape import (
    critical_strengths,
    effective_landscape,
    misalignment,
    printed_critical_sizes,
    solve_beta_infonce,
)
from tests.theory.landscape.matrices import covariances


@pytest.mark.parametrize("commute", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_modes_go_at_their_critical_strengths_and_nowhere_else(seed, commute):
    A0, C = covariances(seed, 5, commute)
    critical = critical_strengths(A0, C, 0.4)
    assert (np.diff(critical) <= 0).all()
    for i, strength in enumerate(critical):
        assert solve_beta_infonce(A0, 0.999 * strength * C, 0.4).rank == i + 1
        assert solve_beta_infonce(A0, 1.001 * strength * C, 0.4).rank == i


def test_shared_axes_go_where_notes_say():
    a, c, beta = np.array([3.0, 1.0, 0.5]), np.array([1.0, 2.0, 0.1]), 0.3
    expected = np.sort(beta * a / (1 - beta) / c)[::-1]
    np.testing.assert_allclose(critical_strengths(np.diag(a), np.diag(c), beta), expected)


def test_what_is_not_augmented_never_goes_and_what_has_no_data_is_gone():
    A0, C = np.diag([1.0, 1.0, 0.0]), np.diag([0.0, 1.0, 1.0])
    np.testing.assert_allclose(critical_strengths(A0, C, 0.5), [np.inf, 1.0, 0.0], atol=1e-12)
    assert np.isinf(critical_strengths(A0, C, 1.0)).all()
    assert not critical_strengths(A0, C, 0.0)[1:].any()
    with pytest.raises(ValueError, match="beta"):
        critical_strengths(A0, C, 1.5)


@pytest.mark.parametrize("scale", [1e-200, 1e-14, 1e-9, 1e12, 1e200])
def test_units_of_augmentation_scale_the_strengths(scale):
    rows = np.random.default_rng(0).normal(size=(3, 5))
    C = rows.T @ rows
    A0 = C + np.diag([1.0, 2.0, 0.0, 0.0, 0.0])
    expected = critical_strengths(A0, C, 0.4)
    assert np.isfinite(expected).any()
    np.testing.assert_allclose(critical_strengths(A0, scale * C, 0.4) * scale, expected, rtol=1e-6)
    sizes = printed_critical_sizes(A0, C, 0.1)
    np.testing.assert_allclose(printed_critical_sizes(A0, scale * C, 0.1) / scale, sizes, rtol=1e-6)


def test_without_augmentation_nothing_goes():
    A0, nothing = covariances(0, 3)[0], np.zeros((3, 3))
    assert np.isinf(critical_strengths(A0, nothing, 0.5)).all()
    assert misalignment(A0, nothing) == 0
    assert (
        solve_beta_infonce(A0, nothing, 0.5).rank == effective_landscape("infonce", A0, nothing, 0.5).survivors() == 3
    )


@pytest.mark.parametrize("d", [2, 3, 20])
def test_random_axes_are_at_one(d):
    generator = np.random.default_rng(0)
    a, c = generator.uniform(0.1, 2, d), generator.uniform(0.1, 2, d)
    turned = [np.linalg.qr(generator.normal(size=(d, d)))[0] for _ in range(3000 // d)]
    squares = [misalignment(np.diag(a), (U * c) @ U.T) ** 2 for U in turned]
    assert np.mean(squares) == pytest.approx(1, abs=0.08)


@pytest.mark.usefixtures("as_users_call")
def test_shared_axes_are_at_zero():
    A0, C = covariances(0, 6, commute=True)
    assert misalignment(A0, C) == pytest.approx(0, abs=1e-12)
    assert misalignment(covariances(0, 6)[0], np.eye(6)) == 0
    assert misalignment(np.zeros((3, 3)), np.eye(3)) == 0
    assert misalignment(np.eye(1), np.eye(1)) == 0
    A0, C = covariances(0, 6)
    assert misalignment(1e-200 * A0, 1e200 * C) == pytest.approx(misalignment(A0, C))
    with pytest.raises(ValueError, match="the same size"):
        misalignment(np.eye(2), np.eye(3))
