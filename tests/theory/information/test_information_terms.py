"""The terms of the information bound, where the information is known or drawn."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm

from eigenview.theory.information import information_terms

N, D = 5, 2


def views(spread: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    roots = generator.normal(size=(2, N, D, D)) / 2
    sigmas = roots @ roots.swapaxes(2, 3) + 0.2 * np.eye(D)
    means = spread * generator.normal(size=(N, D))
    return means, sigmas[0], means + 0.3 * generator.normal(size=(N, D)), sigmas[1]


def draws(mu, S, other, T, count: int = 20_000) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Both views of drawn pairs, and their log densities under each pair."""
    generator = np.random.default_rng(3)
    n = generator.integers(N, size=count)
    noise = generator.normal(size=(2, count, D))
    z = mu[n] + np.einsum("nkl,nl->nk", np.linalg.cholesky(S)[n], noise[0])
    y = other[n] + np.einsum("nkl,nl->nk", np.linalg.cholesky(T)[n], noise[1])
    first = np.stack([multivariate_normal(mu[i], S[i]).logpdf(z) for i in range(N)])
    second = np.stack([multivariate_normal(other[i], T[i]).logpdf(y) for i in range(N)])
    return z, y, first, second


@pytest.mark.parametrize("variance", [None, 0.3, 4.0])
def test_the_reconstruction_is_the_mean_log_density(variance):
    given = views(2.0)
    z, y, _, _ = draws(*given)
    found = information_terms(*given, variance=variance)
    sigma2 = np.square(z - y).sum(1).mean() / D if variance is None else variance
    logs = norm.logpdf(z, loc=y, scale=sigma2**0.5).sum(1)
    assert found.reconstruction == pytest.approx(logs.mean(), abs=5 * logs.std() / len(logs) ** 0.5)


@pytest.mark.parametrize("spread", [0.3, 2.0, 20.0])
def test_what_is_guaranteed_is_below_the_information(spread):
    given = views(spread)
    *_, first, second = draws(*given)
    both, one, other = (np.asarray(logsumexp(logs, axis=0)) for logs in (first + second, first, second))
    joint = both - one - other + np.log(N)
    information, error = joint.mean(), joint.std() / joint.size**0.5
    found = information_terms(*given)
    assert found.guaranteed < information + 4 * error
    assert found.guaranteed < np.log(N)


def test_what_is_raised_is_no_bound():
    """Two pairs of views far apart tell one bit, and the sum says much more."""
    mu = np.array([[-1e3], [1e3]])
    sigma = np.full((2, 1, 1), 1e-2)
    found = information_terms(mu, sigma, mu, sigma)
    assert found.raised > 5 * np.log(2)
    assert found.guaranteed < np.log(2)


def test_parts_add_up():
    given = views(2.0)
    found = information_terms(*given, variance=0.7)
    assert found.variance + found.covariance == pytest.approx(found.entropy.log_det)
    assert found.covariance < 0
    assert found.raised == pytest.approx(found.entropy.log_det + found.reconstruction)
    assert found.guaranteed == pytest.approx(found.entropy.lower + found.reconstruction)
    mu, _, other, _ = given
    assert found.invariance == pytest.approx(-np.square(mu - other).sum(1).mean() / 1.4)


def test_the_fitted_variance_is_the_best():
    given = views(1.0)
    best = information_terms(*given)
    mu, S, other, T = given
    variance = (np.square(mu - other).sum(1) + np.trace(S + T, axis1=1, axis2=2)).mean() / D
    assert best.reconstruction == pytest.approx(information_terms(*given, variance=variance).reconstruction)
    for factor in (0.9, 1.1):
        assert information_terms(*given, variance=variance * factor).reconstruction < best.reconstruction


def test_the_ridge_is_noise_on_both_views():
    mu, S, other, T = views(1.0)
    noisy = information_terms(mu, S + 0.4 * np.eye(D), other, T + 0.4 * np.eye(D))
    ridged = information_terms(mu, S, other, T, ridge=0.4)
    assert ridged.entropy == noisy.entropy
    assert [ridged.invariance, ridged.noise, ridged.scale] == pytest.approx(
        [noisy.invariance, noisy.noise, noisy.scale]
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda mu, S, other, T: information_terms(mu, S, other[:3], T[:3]), "views must have the same shape"),
        (lambda mu, S, other, T: information_terms(mu, S, other * np.inf, T), "other views are not finite"),
        (lambda mu, S, other, T: information_terms(mu, S, other, T * np.inf), r"other_covariances\[0\] is not finite"),
        (lambda mu, S, other, T: information_terms(mu, S, other, -T / 9), r"other_covariances\[0\] is not a covar"),
        (lambda mu, S, other, T: information_terms(mu, S, other, np.triu(T)), r"other_covariances\[0\] must be symm"),
        (lambda mu, S, other, T: information_terms(mu, S, other, T, variance=0.0), "variance must be positive"),
        (lambda mu, S, other, T: information_terms(mu, -S, other, T), "not positive definite"),
    ],
)
def test_wrong_inputs_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(*views(1.0))
