"""InfoNCE at a length that is held: against descents, against nets trained on cosines, and against its expansion."""

from math import inf

import numpy as np
import pytest
import torch

from eigenview.objectives import InfoNCE
from eigenview.theory.landscape import (
    beta_infonce_loss,
    effective_landscape,
    solve_beta_infonce,
    solve_normalized_infonce,
    variances_of_fixed_total,
)
from tests.theory.landscape.matrices import covariances


def descended(A0: np.ndarray, C: np.ndarray, beta: float, D: int, tau: float, target: float, seed: int) -> np.ndarray:
    """The W that a descent on the population loss of W scaled to Tr WΣWᵀ = c ends in."""
    sigma, within = torch.from_numpy(A0 + C), torch.from_numpy(C)
    generator = torch.Generator().manual_seed(seed)
    W = torch.randn(D, len(A0), dtype=torch.float64, generator=generator).requires_grad_()
    descent = torch.optim.LBFGS(
        [W], max_iter=2000, tolerance_grad=1e-11, tolerance_change=0, line_search_fn="strong_wolfe"
    )

    def scaled() -> torch.Tensor:
        return W * (target / torch.trace(W @ sigma @ W.T)).sqrt()

    def loss() -> torch.Tensor:
        descent.zero_grad()
        V = scaled()
        S = V @ sigma @ V.T / tau
        one = torch.eye(D, dtype=torch.float64) + S
        repulsion = torch.logdet(one) + torch.trace(torch.linalg.solve(one, S))
        value = torch.trace(V @ within @ V.T) / tau - beta / 2 * repulsion
        value.backward()
        return value

    descent.step(loss)
    return scaled().detach().numpy()


@pytest.mark.parametrize("commute", [False, True])
@pytest.mark.parametrize(
    ("beta", "D", "tau", "target"), [(1.0, 4, 0.5, 1.0), (0.7, 4, 1.0, 2.0), (1.0, 2, 0.1, 1.0), (2.0, 4, 1.0, 0.3)]
)
def test_descents_end_in_it(beta, D, tau, target, commute):
    A0, C = covariances(5, 4, commute)
    found = solve_normalized_infonce(A0, C, beta, D, tau, target)
    assert found.modes.sum() == pytest.approx(target)
    assert beta_infonce_loss(found.weights(D), A0, C, beta, temperature=tau) == pytest.approx(found.value)
    for seed in range(2):
        reached = descended(A0, C, beta, D, tau, target, seed)
        assert beta_infonce_loss(reached, A0, C, beta, temperature=tau) == pytest.approx(found.value, rel=1e-7)
        np.testing.assert_allclose(reached.T @ reached, found.gram, atol=2e-3)


@pytest.mark.parametrize("tau", [0.4, 1.2])
def test_layers_trained_on_cosines_keep_as_many_modes(tau):
    # Each length is 1 there, not the mean alone; and there are 1,024 samples, not infinitely many.
    r = np.linspace(0.15, 0.95, 12)
    predicted = solve_normalized_infonce(1 - r, r, temperature=tau)
    assert 2 < predicted.rank < 12
    data, noise = (torch.from_numpy(np.sqrt(share)).float() for share in (1 - r, r))
    generator = torch.Generator().manual_seed(0)
    W = (torch.randn(12, 12, generator=generator) / 12).requires_grad_()
    objective, descent = InfoNCE(tau), torch.optim.Adam([W], lr=0.02)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(descent, 300)
    for _ in range(300):
        clean = torch.randn(512, 12, generator=generator) * data
        loss = objective((clean + noise * torch.randn(2, 512, 12, generator=generator)) @ W.T)
        descent.zero_grad()
        loss.backward()
        descent.step()
        falling.step()
    modes = torch.linalg.eigvalsh(W.detach().T @ W.detach()).flip(0).numpy()
    modes /= modes.sum()
    assert abs(int((modes > 2e-3).sum()) - predicted.rank) <= 1
    np.testing.assert_allclose(modes, predicted.modes, atol=0.04)


def test_a_short_length_is_that_of_the_effective_landscape():
    A0, C = covariances(2, 5)
    for temperature in (100.0, 1000.0):
        held = solve_normalized_infonce(A0, C, temperature=temperature).modes
        expanded = effective_landscape("infonce", A0, C, temperature=temperature, kappa=inf, target=1.0).minimum().modes
        np.testing.assert_allclose(held, expanded, atol=2 / temperature)


def test_a_length_that_is_the_free_one_changes_nothing():
    A0, C = covariances(1, 5)
    free = solve_beta_infonce(A0, C, 0.8)
    np.testing.assert_allclose(
        solve_normalized_infonce(A0, C, 0.8, target=free.modes.sum()).modes, free.modes, atol=1e-9
    )


@pytest.mark.parametrize("total", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("beta", [0.1, 1.0, 3.0])
def test_variances_add_up_and_fall_with_noise(total, beta):
    r = np.sort(np.random.default_rng(0).uniform(size=50))
    s = variances_of_fixed_total(r, beta, total)
    assert s.sum() == pytest.approx(total)
    assert (s >= 0).all()
    assert (np.diff(s) <= 0).all()


@pytest.mark.parametrize("beta", [0.1, 1.0])
@pytest.mark.parametrize("total", [1e-290, 1e-30, 1e-9, 1e9, 1e30, 1e290])
def test_tiny_and_huge_variances_are_shared_too(total, beta):
    r = np.append(np.sort(np.random.default_rng(0).uniform(size=20)), 2.0)
    s = variances_of_fixed_total(r, beta, total)
    assert s.sum() == pytest.approx(total)
    np.testing.assert_array_equal(s > 0, r - r[0] < (beta if total > 1 else 1e-8))
    if total > 1e10:  # the first mode then has all but u = 0 of it, and μ = −r_0
        u = (np.sqrt(1 + 8 * (r[1:] - r[0]) / beta) - 1) / 2
        np.testing.assert_allclose(s[1:], np.maximum(1 / u - 1, 0), rtol=1e-6)
    np.testing.assert_allclose(variances_of_fixed_total(np.full(4, 0.3), beta, total), total / 4)


def test_equal_shares_share_and_one_mode_has_it_all():
    np.testing.assert_allclose(variances_of_fixed_total(np.full(4, 0.3), 1.0, 2.0), 0.5)
    np.testing.assert_allclose(variances_of_fixed_total(np.array([1.0]), 0.2, 5.0), 5.0)
    np.testing.assert_array_equal(variances_of_fixed_total(np.array([0.1, 0.1]), 0.0, 5.0), [5.0, 0.0])
    np.testing.assert_allclose(solve_normalized_infonce(np.ones(3), np.zeros(3)).modes, 1 / 3)


@pytest.mark.usefixtures("as_users_call")
def test_shares_that_cannot_be_are_refused():
    for shares, beta, total in (
        ([0.2, 0.1], 1.0, 1.0),
        ([0.2, np.nan], 1.0, 1.0),
        ([0.2, 0.3], np.nan, 1.0),
        ([0.2, 0.3], 1.0, 0.0),
        ([0.2, 0.3], 1.0, inf),
    ):
        with pytest.raises(ValueError, match="must be"):
            variances_of_fixed_total(np.array(shares), beta, total)
    with pytest.raises(ValueError, match="over the temperature"):
        solve_normalized_infonce(np.eye(2), np.eye(2), temperature=1e-310)


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((np.eye(2), -np.eye(2)), "C is not a covariance"),
        ((np.eye(2), np.eye(3)), "the same size"),
        ((np.eye(2), np.eye(2), -1.0), "beta"),
        ((np.eye(2), np.eye(2), 1.0, 0), "D must"),
        ((np.eye(2), np.eye(2), 1.0, None, 0.0), "temperature"),
        ((np.eye(2), np.eye(2), 1.0, None, 1.0, 0.0), "target"),
        ((np.zeros((2, 2)), np.zeros((2, 2))), "no variance to distribute"),
    ],
)
def test_what_cannot_be_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        solve_normalized_infonce(*arguments)
