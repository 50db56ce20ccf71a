"""Bounds on mixtures' entropies: against quadrature, against draws, and where they are exact."""

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm

from eigenview.measures import pairwise_entropy
from eigenview.theory.information import mixture_entropy, mixtures

E = 2 * np.pi * np.e


def covariances(N: int, D: int, seed: int) -> np.ndarray:
    """Well apart from each other: of random axes, and of sizes over two decades."""
    generator = np.random.default_rng(seed)
    axes = np.linalg.qr(generator.normal(size=(N, D, D))).Q
    return (axes * np.exp(generator.uniform(-2, 2, size=(N, 1, D)))) @ axes.swapaxes(1, 2)


def estimate(means: np.ndarray, sigmas: np.ndarray, weights: np.ndarray, draws: int) -> tuple[float, float]:
    """The entropy by draws, and the standard error."""
    generator = np.random.default_rng(1)
    which = generator.choice(len(weights), size=draws, p=weights)
    L = np.linalg.cholesky(sigmas)
    x = means[which] + np.einsum("nkl,nl->nk", L[which], generator.normal(size=(draws, means.shape[1])))
    logs = np.stack([multivariate_normal(m, S).logpdf(x) for m, S in zip(means, sigmas, strict=True)])
    density = np.asarray(logsumexp(logs + np.log(weights)[:, None], axis=0))
    return -density.mean(), density.std() / draws**0.5


@pytest.mark.parametrize("spread", [0.0, 1.0, 3.0, 10.0])
@pytest.mark.parametrize(("N", "D"), [(6, 2), (4, 5)])
def test_the_entropy_is_within_its_bounds(N, D, spread):
    means = spread * np.random.default_rng(N).normal(size=(N, D))
    sigmas, weights = covariances(N, D, seed=D), np.random.default_rng(2).dirichlet(np.ones(N))
    entropy, error = estimate(means, sigmas, weights, 20_000)
    for alpha in (0.0, 0.2, 0.5, 0.7, 1.0):
        found = mixture_entropy(means, sigmas, weights, alpha)
        assert found.components <= found.lower + 1e-12
        assert found.lower < entropy + 4 * error
        assert entropy - 4 * error < min(found.upper, found.log_det)
        assert found.log_det < found.diagonal
    half = mixture_entropy(means, sigmas, weights)
    assert half.upper - half.lower < np.log(N)


@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.5, 0.8, 1.0])
def test_divergences_are_the_integrals_that_they_stand_for(alpha):
    """In one dimension, by quadrature, with components (μ, σ²) in both orders."""
    laws = [norm(0, 1), norm(1.5, 0.6)]
    means, sigmas = np.array([[0.0], [1.5]]), np.array([[[1.0]], [[0.36]]])
    c = np.array([0.3, 0.7])

    def integral(f) -> float:
        return quad(f, -15, 15, epsabs=1e-13, limit=200, points=[0.0, 1.5])[0]

    def kl(p, q) -> float:
        return integral(lambda x: p.pdf(x) * (p.logpdf(x) - q.logpdf(x)))

    def chernoff(p, q) -> float:
        return -np.log(integral(lambda x: np.exp(alpha * p.logpdf(x) + (1 - alpha) * q.logpdf(x))))

    def bound(distance) -> float:
        between = np.array([[distance(p, q) for q in laws] for p in laws])
        return float(components - c @ np.log(np.exp(-between) @ c))

    components = c @ [law.entropy() for law in laws]
    found = mixture_entropy(means, sigmas, c, alpha)
    assert found.components == pytest.approx(components)
    assert found.upper == pytest.approx(bound(kl))
    assert found.lower == pytest.approx(bound(chernoff))


@pytest.mark.parametrize("variance", [0.05, 0.7, 20.0])
def test_of_one_isotropic_covariance_the_bounds_are_the_measure_s(variance):
    x = np.random.default_rng(0).normal(size=(40, 6))
    found = mixture_entropy(x, np.broadcast_to(variance * np.eye(6), (40, 6, 6)))
    measured = pairwise_entropy(torch.from_numpy(x), variance)
    assert found.upper == pytest.approx(measured.upper, rel=1e-10)
    assert found.lower == pytest.approx(measured.lower, rel=1e-10)


def test_components_that_are_the_same_have_their_own_entropy():
    sigma = covariances(1, 3, seed=0)
    found = mixture_entropy(np.ones((7, 3)), np.repeat(sigma, 7, 0))
    own = multivariate_normal(np.zeros(3), sigma[0]).entropy()
    for bound in (found.components, found.lower, found.upper, found.log_det):
        assert bound == pytest.approx(own, rel=1e-12)


def test_components_far_apart_add_the_entropy_of_their_weights():
    c = np.array([0.5, 0.3, 0.2])
    found = mixture_entropy(1e6 * np.eye(3), covariances(3, 3, seed=0), c)
    assert found.lower == pytest.approx(found.components - c @ np.log(c), rel=1e-12)
    assert found.upper == pytest.approx(found.lower, rel=1e-12)
    assert found.log_det > found.upper + 10


def test_the_mixture_s_covariance_is_what_log_det_takes():
    generator = np.random.default_rng(0)
    means, sigmas, c = generator.normal(size=(4, 3)), covariances(4, 3, seed=1), np.array([0.1, 0.2, 0.3, 0.4])
    centre = c @ means
    whole = sum(w * (S + np.outer(m - centre, m - centre)) for w, m, S in zip(c, means, sigmas, strict=True))
    found = mixture_entropy(means, sigmas, c)
    assert found.log_det == pytest.approx(np.linalg.slogdet(E * whole)[1] / 2)
    assert found.diagonal == pytest.approx(np.log(E * np.diag(whole)).sum() / 2)


def test_a_component_without_weight_does_not_count():
    means, sigmas = np.random.default_rng(0).normal(size=(3, 2)), covariances(3, 2, seed=1)
    with_it = mixture_entropy(means, sigmas, np.array([0.4, 0.6, 0.0]))
    assert with_it == mixture_entropy(means[:2], sigmas[:2], np.array([0.4, 0.6]))


def test_the_ridge_is_noise_on_every_component():
    means, sigmas = np.random.default_rng(0).normal(size=(3, 2)), covariances(3, 2, seed=1)
    assert mixture_entropy(means, sigmas, ridge=0.3) == mixture_entropy(means, sigmas + 0.3 * np.eye(2))


def test_blocks_make_no_difference(monkeypatch):
    means, sigmas = np.random.default_rng(0).normal(size=(5, 3)), covariances(5, 3, seed=1)
    whole = mixture_entropy(means, sigmas, alpha=0.3)
    monkeypatch.setattr(mixtures, "_BYTES", 24 * 3 * 4 * 2)
    parts = mixture_entropy(means, sigmas, alpha=0.3)
    assert [parts.lower, parts.upper] == pytest.approx([whole.lower, whole.upper], rel=1e-13)


MEANS, SIGMAS = np.zeros((2, 3)), np.broadcast_to(np.eye(3), (2, 3, 3))
ASYMMETRIC, FLAT = SIGMAS + np.triu(np.ones((3, 3)), 1), SIGMAS * np.array([1, 1, 0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mixture_entropy(MEANS, ASYMMETRIC), r"covariances\[0\] must be symmetric"),
        (lambda: mixture_entropy(MEANS, -SIGMAS), r"covariances\[0\] is not positive definite"),
        (lambda: mixture_entropy(MEANS, FLAT), "pass a ridge to add noise"),
        (lambda: mixture_entropy(MEANS * np.nan, SIGMAS), "not finite"),
        (lambda: mixture_entropy(MEANS[:0], SIGMAS[:0]), "of shapes"),
        (lambda: mixture_entropy(MEANS, SIGMAS, np.array([0.5, 0.6])), "sum to 1"),
        (lambda: mixture_entropy(MEANS, SIGMAS, np.array([-0.5, 1.5])), "0 or more"),
        (lambda: mixture_entropy(MEANS, SIGMAS, alpha=1.1), "alpha must be between"),
        (lambda: mixture_entropy(MEANS, SIGMAS, ridge=-1.0), "ridge must be"),
        (lambda: mixture_entropy(MEANS, SIGMAS, ridge=np.nan), "ridge must be"),
    ],
)
def test_wrong_inputs_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_flat_component_is_taken_with_a_ridge():
    assert np.isfinite(mixture_entropy(MEANS, FLAT, ridge=1e-3).upper)
