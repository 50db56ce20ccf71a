"""Uniform points on the unit sphere, against exact Bessel functions."""

import mpmath
import pytest

from eigenview.linalg import log_mean_exp_cosine


@pytest.mark.parametrize("D", [1, 2, 3, 64, 4096])
@pytest.mark.parametrize("beta", [1e-3, 2.0, 10.0, 1000.0])
def test_mean_exponential_of_a_cosine(beta: float, D: int) -> None:
    exact = float(mpmath.log(mpmath.hyp0f1(mpmath.mpf(D) / 2, mpmath.mpf(beta) ** 2 / 4)))
    assert log_mean_exp_cosine(beta, D) == pytest.approx(exact, rel=1e-10, abs=1e-12)
