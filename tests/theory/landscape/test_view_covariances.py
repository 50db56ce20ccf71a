"""A0 and C of views: by their definition, without bias, and as a stream adds them up."""

import numpy as np
import pytest
import torch

from eigenview.predict import CovarianceStream
from eigenview.theory.landscape import nearest_covariance, view_covariances
from tests.theory.landscape.matrices import covariances


def draw(K: int, P: int, A0: np.ndarray, C: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    a, c = np.linalg.cholesky(A0), np.linalg.cholesky(C)
    clean = generator.normal(size=(P, len(a))) @ a.T
    return 3.0 + clean + generator.normal(size=(K, P, len(a))) @ c.T


@pytest.mark.parametrize(("K", "P", "d"), [(2, 5, 3), (4, 7, 2), (3, 2, 6)])
def test_by_their_definition(K, P, d):
    x = np.random.default_rng(0).normal(size=(K, P, d)) + np.arange(d)
    within = np.mean([np.cov(x[:, p].T) for p in range(P)], 0)
    A0, C = view_covariances(x)
    np.testing.assert_allclose(A0, np.cov(x.mean(0).T) - within / K, atol=1e-13)
    np.testing.assert_allclose(C, within, atol=1e-13)
    np.testing.assert_array_equal(A0, A0.T)


@pytest.mark.parametrize("parts", [(50,), (1, 20, 29)])
def test_a_stream_has_the_same(parts):
    x = draw(3, 50, *covariances(0), np.random.default_rng(0))
    stream = CovarianceStream()
    for part in np.split(x, np.cumsum(parts)[:-1], axis=1):
        stream.add(torch.from_numpy(part))
    found = stream.covariances()
    A0, C = view_covariances(x)
    np.testing.assert_allclose(found.A0, nearest_covariance(A0)[0], atol=1e-13)
    np.testing.assert_allclose(found.C, C, atol=1e-13)
    np.testing.assert_allclose(found.mean, x.mean((0, 1)))


@pytest.mark.parametrize("K", [2, 5])
def test_they_have_no_bias(K):
    """Over many small draws their mean is the truth, to five standard errors."""
    A0, C = covariances(0, d=3)
    generator = np.random.default_rng(1)
    found = np.array([view_covariances(draw(K, 4, A0, C, generator)) for _ in range(4000)])
    errors = found.std(0) / len(found) ** 0.5
    np.testing.assert_array_less(np.abs(found.mean(0) - np.stack([A0, C])), 5 * errors)


def test_views_that_are_the_same_have_none_within():
    x = np.random.default_rng(0).normal(size=(6, 4))
    A0, C = view_covariances(np.stack([x, x, x]))
    np.testing.assert_allclose(A0, np.cov(x.T), atol=1e-14)
    np.testing.assert_allclose(C, 0, atol=1e-30)


def test_a_mean_far_away_costs_no_digits():
    x = np.random.default_rng(0).normal(size=(3, 50, 4))
    for near, far in zip(view_covariances(x), view_covariances(x + 1e6), strict=True):
        np.testing.assert_allclose(far, near, atol=1e-8)


def test_single_precision_is_computed_in_double():
    x = np.random.default_rng(0).normal(size=(3, 50, 4)).astype(np.float32)
    for single, double in zip(view_covariances(x), view_covariances(x.astype(float)), strict=True):
        np.testing.assert_array_equal(single, double)


def test_of_noise_alone_half_of_a0_is_cut_off():
    A0, _ = view_covariances(np.random.default_rng(0).normal(size=(2, 400, 20)))
    nearest, share = nearest_covariance(A0)
    eigenvalues = np.linalg.eigvalsh(A0)
    assert 0.3 < share < 0.7
    assert share == pytest.approx(-eigenvalues[eigenvalues < 0].sum() / np.abs(eigenvalues).sum())
    np.testing.assert_allclose(np.linalg.eigvalsh(nearest), np.maximum(eigenvalues, 0), atol=1e-12)


def test_a_covariance_is_its_own_nearest():
    A0, _ = covariances(0)
    nearest, share = nearest_covariance(A0)
    np.testing.assert_allclose(nearest, A0, rtol=1e-12)
    assert share == 0
    assert nearest_covariance(np.zeros((2, 2)))[1] == 0


def test_no_covariance_is_nearer():
    A = np.diag([2.0, -1.0, 0.5]) + 0.3
    nearest, _ = nearest_covariance(A)
    generator = np.random.default_rng(0)
    for _ in range(200):
        root = np.linalg.cholesky(nearest + 1e-9 * np.eye(3)) + 0.1 * generator.normal(size=(3, 3))
        assert np.linalg.norm(A - root @ root.T) >= np.linalg.norm(A - nearest) - 1e-8


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: view_covariances(np.zeros((1, 5, 3))), "at least two views"),
        (lambda: view_covariances(np.zeros((2, 1, 3))), "two samples"),
        (lambda: view_covariances(np.zeros((2, 5, 0))), "covariances need"),
        (lambda: view_covariances(np.full((2, 5, 3), np.nan)), "not finite"),
        (lambda: nearest_covariance(np.triu(np.ones((3, 3)))), "must be symmetric"),
    ],
)
def test_wrong_inputs_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
