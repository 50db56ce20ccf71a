"""Generalized eigenmodes against scipy's, and where Σ is singular."""

import numpy as np
import pytest
import scipy.linalg

from eigenview.theory.landscape.generalized_eigen import generalized_eigenmodes
from tests.theory.landscape.matrices import covariances


def symmetric(seed: int, d: int) -> np.ndarray:
    M = np.random.default_rng(seed).normal(size=(d, d))
    return (M + M.T) / 2


@pytest.mark.parametrize("seed", range(3))
def test_eigenvalues_are_scipys_and_directions_are_orthonormal_in_sigma(seed):
    sigma, M = covariances(seed, 5)[0], symmetric(seed, 5)
    found = generalized_eigenmodes(sigma, M)
    np.testing.assert_allclose(found.eigenvalues, scipy.linalg.eigh(M, sigma, eigvals_only=True)[::-1], rtol=1e-9)
    G = found.directions
    np.testing.assert_allclose(G.T @ sigma @ G, np.eye(5), atol=1e-9)
    np.testing.assert_allclose(M @ G, sigma @ G * found.eigenvalues, atol=1e-8)


def test_a_singular_sigma_has_as_many_modes_as_its_rank():
    sigma = np.diag([2.0, 1.0, 0.0])
    found = generalized_eigenmodes(sigma, np.diag([1.0, 3.0, 0.0]))
    np.testing.assert_allclose(found.eigenvalues, [3.0, 0.5])
    assert found.directions.shape == (3, 2)
    assert generalized_eigenmodes(sigma, np.diag([1.0, 1.0, -1.0])).eigenvalues.shape == (2,)


def test_a_gain_where_sigma_has_no_variance_is_refused_unless_it_is_rounding():
    sigma, M = np.diag([1.0, 0.0]), np.diag([0.0, 1e-3])
    with pytest.raises(ValueError, match="no variance in 1 directions where B is not zero"):
        generalized_eigenmodes(sigma, M)
    np.testing.assert_allclose(generalized_eigenmodes(sigma, M, within_sigma=True).eigenvalues, [0.0])


def test_a_coupling_to_directions_without_variance_is_refused():
    with pytest.raises(ValueError, match="no variance"):
        generalized_eigenmodes(np.diag([1.0, 0.0]), np.array([[1.0, 0.5], [0.5, -1.0]]))
