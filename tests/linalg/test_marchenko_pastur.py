"""The Marchenko–Pastur law, against its density, its series, and random matrices."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from eigenview.linalg import (
    isotropic_singular_values,
    marchenko_pastur_mean_log1p,
    marchenko_pastur_mean_sqrt,
    uniform_percent_error,
)


@pytest.mark.parametrize("gamma", [1e-6, 0.01, 0.3, 0.7, 0.99, 1.0])
def test_mean_sqrt_integrates_the_density(gamma: float) -> None:
    def integrand(t: float) -> float:
        x = 1 + gamma + 2 * math.sqrt(gamma) * math.cos(t)
        return 2 / math.pi * math.sin(t) ** 2 / math.sqrt(x)

    # x = 1 + γ + 2√γ·cos t turns √((b−x)(x−a))/(2πγx) dx into 2 sin²t/(πx) dt.
    assert marchenko_pastur_mean_sqrt(gamma) == pytest.approx(quad(integrand, 0, math.pi)[0], abs=1e-8)


def test_square_matrix() -> None:
    assert marchenko_pastur_mean_sqrt(1.0) == pytest.approx(8 / (3 * math.pi), rel=1e-14)
    assert uniform_percent_error(64, 64) == pytest.approx(1 - 8 / (3 * math.pi), rel=1e-13)


@pytest.mark.parametrize(
    ("P", "D", "printed"), [(64, 64, 0.1512), (64, 512, 0.0159), (128, 256, 0.0672), (1024, 1024, 0.1512)]
)
def test_notes_numbers(P: int, D: int, printed: float) -> None:
    assert uniform_percent_error(P, D) == pytest.approx(printed, abs=5e-5)


@pytest.mark.parametrize("gamma", [1e-4, 1e-3, 1e-2])
def test_series_for_small_gamma(gamma: float) -> None:
    error = 1 - marchenko_pastur_mean_sqrt(gamma)
    assert abs(error - gamma / 8 - gamma**2 / 64) < 0.01 * gamma**3 + 1e-15


@pytest.mark.parametrize("shape", [(200, 800), (400, 400), (600, 150)], ids=str)
def test_gaussian_matrices_obey_it(shape: tuple[int, int]) -> None:
    values = np.linalg.svd(np.random.default_rng(0).standard_normal(shape), compute_uv=False)
    # Over the root mean square, so that the draw's own overall scale drops out.
    measured = values.mean() / np.sqrt(np.mean(values**2))
    assert measured == pytest.approx(marchenko_pastur_mean_sqrt(min(shape) / max(shape)), abs=2e-3)


def test_sides_may_be_swapped() -> None:
    assert uniform_percent_error(30, 70) == uniform_percent_error(70, 30)


def test_error_grows_with_gamma() -> None:
    errors = [uniform_percent_error(P, 1000) for P in range(1, 1001)]
    assert (np.diff(errors) > 0).all()


@pytest.mark.parametrize("gamma", [0.0, -0.5, 1.0001, float("nan"), float("inf")])
def test_bad_gamma(gamma: float) -> None:
    with pytest.raises(ValueError, match="gamma must be in"):
        marchenko_pastur_mean_sqrt(gamma)


@pytest.mark.parametrize("gamma", [0.01, 0.5, 1.0, 4.0])
@pytest.mark.parametrize("strength", [1e-3, 1.0, 1e4])
def test_mean_log1p_integrates_the_density(gamma: float, strength: float) -> None:
    # Above γ = 1 the law has 1/γ of that of the other side, scaled by γ, and zeros.
    ratio, scale = min(gamma, 1 / gamma), max(gamma, 1.0)

    def integrand(t: float) -> float:
        x = 1 + ratio + 2 * math.sqrt(ratio) * math.cos(t)
        return 2 / math.pi * math.sin(t) ** 2 / x * math.log1p(strength * scale * x)

    expected = quad(integrand, 0, math.pi, limit=500)[0] / scale
    assert marchenko_pastur_mean_log1p(gamma, strength) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("shape", [(200, 800), (400, 400), (600, 150)], ids=str)
def test_gaussian_covariances_have_its_log_determinant(shape: tuple[int, int]) -> None:
    x = np.random.default_rng(0).standard_normal(shape)
    measured = np.linalg.slogdet(np.eye(shape[1]) + 10 * x.T @ x / shape[0])[1] / shape[1]
    assert measured == pytest.approx(marchenko_pastur_mean_log1p(shape[1] / shape[0], 10.0), abs=1e-2)


def test_mean_log1p_of_nothing() -> None:
    assert marchenko_pastur_mean_log1p(0.5, 0.0) == 0
    assert marchenko_pastur_mean_log1p(0.5, 1e-9) == pytest.approx(1e-9, rel=1e-6)


@pytest.mark.parametrize(("gamma", "strength"), [(0.0, 1.0), (float("inf"), 1.0), (0.5, -1.0), (0.5, float("nan"))])
def test_mean_log1p_out_of_range(gamma: float, strength: float) -> None:
    with pytest.raises(ValueError, match="gamma must be positive and strength at least 0"):
        marchenko_pastur_mean_log1p(gamma, strength)


@pytest.mark.parametrize(("N", "D"), [(900, 300), (300, 900), (400, 400)])
def test_isotropic_rows_have_these_singular_values(N, D):
    x = np.random.default_rng(0).normal(size=(N, D))
    values = np.linalg.svd(x, compute_uv=False)
    values /= np.sqrt(np.mean(values**2))
    line = isotropic_singular_values(N, D)
    assert line.shape == values.shape
    np.testing.assert_allclose(line, values, atol=0.03)
    assert np.mean(line**2) == pytest.approx(1, abs=1e-3)
