"""The solution for MMCR against descents on its population loss, and against the loss of a batch."""

import numpy as np
import pytest
import torch

from eigenview.theory.landscape import nuclear_norm_minimum
from tests.theory.landscape.matrices import covariances


def population_norm(W: torch.Tensor, sigma: torch.Tensor, M: torch.Tensor) -> torch.Tensor:
    """Tr(WMWᵀ)^½ with W scaled to Tr WΣWᵀ = 1."""
    spectrum = torch.linalg.eigvalsh(W @ M @ W.T / torch.trace(W @ sigma @ W.T))
    return spectrum.clamp_min(1e-30).sqrt().sum()


@pytest.mark.parametrize(("K", "D"), [(1, 4), (2, 4), (8, 4), (4, 2)])
@pytest.mark.parametrize("commute", [False, True])
def test_descents_end_in_it(K, D, commute):
    A0, C = covariances(1, 4, commute)
    sigma, M = torch.from_numpy(A0 + C), torch.from_numpy(A0 + C / K)
    found = nuclear_norm_minimum(A0, C, K, D)
    for seed in range(3):
        W = torch.randn(D, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).requires_grad_()
        descent = torch.optim.LBFGS([W], max_iter=500, tolerance_grad=1e-10, line_search_fn="strong_wolfe")

        def loss(W=W, descent=descent):
            descent.zero_grad()
            value = -population_norm(W, sigma, M)
            value.backward()
            return value

        descent.step(loss)
        assert population_norm(W.detach(), sigma, M).item() == pytest.approx(-found.value, rel=1e-6)
        reached = W.detach().numpy()
        reached = reached.T @ reached / np.trace(reached @ (A0 + C) @ reached.T)
        np.testing.assert_allclose(reached, found.gram, atol=2e-3)
    assert found.rank == D
    assert np.trace(found.gram @ (A0 + C)) == pytest.approx(1)


def test_a_large_batch_has_that_norm():
    A0, C = covariances(2, 5)
    K, P = 3, 20_000
    generator = np.random.default_rng(0)
    clean, noise = (np.linalg.cholesky(M) for M in (A0, C))
    x = generator.normal(size=(P, 5)) @ clean.T + generator.normal(size=(K, P, 5)) @ noise.T
    found = nuclear_norm_minimum(A0, C, K)
    centroids = (x @ found.weights(5).T).mean(0)
    assert np.linalg.svd(centroids, compute_uv=False).sum() / np.sqrt(P) == pytest.approx(-found.value, rel=0.01)


def test_noise_takes_at_most_a_factor_of_k():
    A0, C = np.diag([1.0, 0.0]), np.diag([0.0, 1.0])
    np.testing.assert_allclose(nuclear_norm_minimum(A0, C, 4).modes, [0.8, 0.2])


@pytest.mark.usefixtures("as_users_call")
def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="K and D"):
        nuclear_norm_minimum(np.eye(2), np.eye(2), 0)
    with pytest.raises(ValueError, match="nothing to embed"):
        nuclear_norm_minimum(np.zeros((2, 2)), np.zeros((2, 2)), 2)
    with pytest.raises(ValueError, match="the same size"):
        nuclear_norm_minimum(np.eye(2), np.eye(3), 2)
