"""The floor, against the law's integral, its series, random and constructed batches."""

import math
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad

from eigenview.theory.capacity import capacity_at, nuclear_norm_bound, percent_error
from tests.theory.capacity.batches import error_of, uniform_rows, views

WORST = 1 - 8 / (3 * math.pi)


def integral(gamma: float) -> float:
    """E√x over the density √((b − x)(x − a))/(2πγx), x in [a, b]."""
    if gamma == 1:  # a = 0, and √x·√x/x is 1
        return quad(lambda x: 1 / (2 * math.pi), 0, 4, weight="alg", wvar=(0, 0.5), epsabs=1e-13, epsrel=1e-13)[0]
    root = math.sqrt(gamma)

    def integrand(t: float) -> float:
        # x = 1 + γ + 2√γ·cos t, which leaves no singular end, and is not cancelled where √x is next to 0.
        x = (1 - root) ** 2 + 4 * root * math.cos(t / 2) ** 2
        return 2 / math.pi * math.sin(t) ** 2 / math.sqrt(x)

    # Where γ is next to 1 all of the curvature is within 1 − √γ of t = π.
    ends = [math.pi - 10 * (1 - root), math.pi - (1 - root)] if gamma > 0.9 else None
    return quad(integrand, 0, math.pi, points=ends, epsabs=1e-13, epsrel=1e-13, limit=1000)[0]


@pytest.mark.parametrize("D", [1, 3, 10, 1000, 10**6, 10**9])
@pytest.mark.parametrize("P", [2, 3, 7, 500, 999, 10**3, 999_999, 10**6])
def test_the_closed_form_is_the_laws_integral(P, D):
    expected = 1 - integral(min(P, D) / max(P, D)) if D > 1 else 0.0
    assert capacity_at(P, D).uniform_percent_error == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(("P", "D"), [(1000, 10), (37, 41), (64, 64)])
def test_the_closed_form_is_the_laws_integral_in_x(P, D):
    gamma = mpmath.mpf(min(P, D)) / max(P, D)
    a, b = (1 - mpmath.sqrt(gamma)) ** 2, (1 + mpmath.sqrt(gamma)) ** 2
    reached: Any = mpmath.quad(
        lambda x: mpmath.sqrt(max(0, (b - x) * (x - a)) / x) / (2 * mpmath.pi * gamma), [a, (a + b) / 2, b]
    )
    assert capacity_at(P, D).uniform_percent_error == pytest.approx(1 - float(reached), abs=1e-10)


@pytest.mark.parametrize("D", [2, 64, 256, 4096])
def test_the_worst_point_is_where_sizes_meet(D):
    at, beside = capacity_at(D, D), capacity_at(D + 1, D)
    assert at.uniform_percent_error == at.worst_percent_error == pytest.approx(WORST, rel=1e-12)
    assert beside.uniform_percent_error < beside.worst_percent_error == at.worst_percent_error
    assert at.at_worst
    assert not beside.at_worst


@pytest.mark.parametrize("ratio", [100, 1000, 10_000])
def test_the_series(ratio):
    gamma = 1 / ratio
    expected = gamma / 8 + gamma**2 / 64
    for P, D in [(50, 50 * ratio), (50 * ratio, 50)]:
        assert capacity_at(P, D).uniform_percent_error == pytest.approx(expected, abs=0.01 * gamma**3 + 1e-14)


@pytest.mark.parametrize(
    ("P", "D", "measured", "within"),
    [(64, 64, 0.148, 4e-3), (64, 512, 0.0155, 5e-4), (128, 256, 0.0687, 2e-3), (1024, 1024, 0.1511, 3e-4)],
)
def test_numbers_that_notes_measured(P, D, measured, within):
    assert capacity_at(P, D).uniform_percent_error == pytest.approx(measured, abs=within)


@pytest.mark.parametrize(
    ("P", "D"), [(64, 64), (64, 512), (512, 64), (128, 256), (300, 300), (8, 32), (10, 10), (3, 2), (2, 9)]
)
def test_random_rows_reach_it(P, D):
    generator = np.random.default_rng(0)
    drawn = np.array([error_of(uniform_rows(generator, P, D)) for _ in range(20_000 // (P + D) + 10)])
    noise = 4 * drawn.std() / math.sqrt(len(drawn))
    # Below the law by no more than 1/(8·max(P, D)), as the module says.
    floor = capacity_at(P, D).uniform_percent_error
    assert floor - 1 / (8 * max(P, D)) - noise < drawn.mean() < floor + noise


@pytest.mark.parametrize("agreement", [0.0, 0.3, 0.9, 1.0])
@pytest.mark.parametrize("K", [2, 8])
@pytest.mark.parametrize(("P", "D"), [(200, 200), (100, 300), (300, 100)])
def test_centroids_of_random_views_reach_it(P, D, K, agreement):
    generator = np.random.default_rng(1)
    drawn = [error_of(views(generator, K, P, D, agreement).mean(0)) for _ in range(5)]
    assert np.mean(drawn) == pytest.approx(capacity_at(P, D, K, agreement).uniform_percent_error, abs=3e-3)


@pytest.mark.parametrize(("P", "D"), [(5, 8), (8, 5), (6, 6), (1, 4), (4, 1)])
def test_collapse_and_bound_are_those_of_such_batches(P, D):
    found = capacity_at(P, D)
    row = uniform_rows(np.random.default_rng(2), D)
    assert np.linalg.svd(np.tile(row, (P, 1)), compute_uv=False).sum() == pytest.approx(found.collapsed)
    assert error_of(np.tile(row, (P, 1))) == pytest.approx(found.collapsed_percent_error, abs=1e-12)
    # Unit rows: of the identity, or of Fourier's frame.
    angles = 2 * np.pi * np.outer(np.arange(P), np.arange(D)) / max(P, D)
    rows = np.exp(1j * angles) / math.sqrt(D)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1)
    assert np.linalg.svd(rows, compute_uv=False).sum() == pytest.approx(found.bound)
    assert nuclear_norm_bound(P, D) == found.bound
    assert percent_error(found.bound, P, D) == 0
    assert percent_error(found.collapsed, P, D) == pytest.approx(found.collapsed_percent_error, abs=1e-12)
    assert percent_error(found.uniform, P, D) == pytest.approx(found.uniform_percent_error, abs=1e-12)


@pytest.mark.parametrize("size", [1, 2, 100])
def test_one_row_and_one_dimension_are_at_the_bound(size):
    rows = np.sign(np.random.default_rng(3).standard_normal((size, 1)))
    assert capacity_at(size, 1).uniform == pytest.approx(np.linalg.svd(rows, compute_uv=False).sum())
    assert capacity_at(1, size).uniform == 1
    assert capacity_at(1, size).uniform_percent_error == capacity_at(1, size).collapsed_percent_error == 0


def test_percent_errors_of_many_norms():
    errors = percent_error(np.array([[0.0, 16.0], [64.0, 64.0 * (1 + 1e-7)]], dtype=np.float32), 64, 64)
    np.testing.assert_allclose(errors, [[1, 0.75], [0, 0]], atol=1e-12)
    assert isinstance(percent_error(8.0, 64, 64), float)


@pytest.mark.parametrize("norm", [-0.1, 64.1, math.nan, math.inf])
def test_norms_that_unit_rows_cannot_have_are_refused(norm):
    with pytest.raises(ValueError, match="norm must be from 0 to 64 for 64 rows"):
        percent_error(norm, 64, 64)
    with pytest.raises(ValueError, match="norm must be"):
        percent_error(np.array([1.0, norm]), 64, 64)


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize("size", [0, -3, 2.5, 2.0, math.nan, "64", None, True])
def test_sizes_that_are_none_are_refused(size: Any):
    with pytest.raises(ValueError, match="P must be an integer"):
        capacity_at(size, 4)
    with pytest.raises(ValueError, match="D must be an integer"):
        capacity_at(4, size)
    with pytest.raises(ValueError, match="K must be an integer"):
        capacity_at(4, 4, size)
    with pytest.raises(ValueError, match="D must be an integer"):
        nuclear_norm_bound(4, size)


@pytest.mark.usefixtures("as_users_call")
def test_sizes_may_be_numpys():
    four: Any = np.int32(4)
    assert capacity_at(four, four) == capacity_at(4, 4)
