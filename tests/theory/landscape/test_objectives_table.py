"""Each row of the table against the objective that it stands for."""

import numpy as np
import pytest
import torch

from eigenview.objectives import SpectralContrastive
from eigenview.theory.landscape import beta_infonce_loss, effective_landscape
from tests.theory.landscape.matrices import covariances


def test_infonce_has_the_fourth_order_of_its_exact_loss():
    A0, C = covariances(0, 3)
    for beta, tau in [(1.0, 1.0), (0.4, 1.0), (0.7, 0.3)]:
        of = effective_landscape("infonce", A0, C, beta, tau)
        W = np.random.default_rng(0).normal(size=(3, 3))
        for t in (0.03, 0.01):
            off = beta_infonce_loss(t * W, A0, C, beta, temperature=tau) - of.value(t * W)
            # What is left is of sixth order: ⅔ Tr S³, S = WΣWᵀ/τ.
            S = W @ (A0 + C) @ W.T / tau
            assert off == pytest.approx(-beta * 2 / 3 * t**6 * np.trace(S @ S @ S), rel=0.1)


def test_spectral_contrast_is_exact_to_all_orders():
    """For any data, if Σ and A0 are uncentred: on a batch's own second moments but for the pairs of a sample itself."""
    generator = torch.Generator().manual_seed(0)
    P, d = 3000, 3
    clean = torch.randn(P, d, dtype=torch.float64, generator=generator)
    x = clean + 0.5 * torch.randn(2, P, d, dtype=torch.float64, generator=generator)
    cross = (x[0].T @ x[1] / P).numpy()
    second = (x.flatten(0, 1).T @ x.flatten(0, 1) / (2 * P)).numpy()
    A0 = (cross + cross.T) / 2
    of = effective_landscape("spectral", A0, second - A0)
    for seed in range(3):
        W = torch.randn(2, d, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        nothing = float(SpectralContrastive()(torch.zeros(2, P, 2, dtype=torch.float64)))
        assert float(SpectralContrastive()(x @ W.T)) - nothing == pytest.approx(of.value(W.numpy()), rel=0.02)


def test_barlow_is_exact_where_all_entries_weigh_the_same():
    A0, C = covariances(2, 3)
    of = effective_landscape("barlow", A0, C)
    for seed in range(3):
        W = np.random.default_rng(seed).normal(size=(3, 3))
        correlation = W @ A0 @ W.T
        assert of.value(W) + 3 == pytest.approx(((correlation - np.eye(3)) ** 2).sum())
    # Its minimum whitens what views share.
    W = of.minimum().weights(3)
    np.testing.assert_allclose(W @ A0 @ W.T, np.eye(3), atol=1e-12)


def test_vicreg_like_is_its_loss():
    A0, C = covariances(3, 3)
    of = effective_landscape("vicreg-like", A0, C, kappa=0.7, target=1.2)
    W = np.random.default_rng(0).normal(size=(2, 3))
    rho = np.trace(W @ (A0 + C) @ W.T)
    assert of.value(W) == pytest.approx(np.trace(W @ C @ W.T) + 0.7 * (rho - 1.2) ** 2)


@pytest.mark.parametrize("row", ["infonce", "spectral", "barlow"])
def test_decay_is_a_term_of_the_loss_and_takes_modes(row):
    A0, C = covariances(4, 5)
    W = np.random.default_rng(0).normal(size=(3, 5))
    of, decayed = effective_landscape(row, A0, C), effective_landscape(row, A0, C, decay=0.3)
    assert decayed.value(W) == pytest.approx(of.value(W) + 0.3 * (W * W).sum())
    kept = [effective_landscape(row, A0, C, decay=decay).survivors() for decay in (0.0, 0.5, 1.0, 1e3)]
    assert kept == sorted(kept, reverse=True)
    assert (kept[0], kept[-1]) == (5, 0)


def test_weight_of_the_partner_takes_no_mode():
    A0, C = covariances(5, 4)
    assert effective_landscape("infonce", A0, 100 * C, partner_share=0.9).survivors() == 4


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize("decay", [-1.0, np.nan, np.inf])
def test_a_decay_that_cannot_be_is_refused(decay):
    with pytest.raises(ValueError, match="decay must be finite"):
        effective_landscape("spectral", np.eye(2), np.eye(2), decay=decay)


@pytest.mark.usefixtures("as_users_call")
def test_what_is_no_row_is_refused():
    A0, C = covariances(0, 3)
    with pytest.raises(ValueError, match="kappa"):
        effective_landscape("vicreg-like", A0, C)
    with pytest.raises(ValueError, match="temperature"):
        effective_landscape("infonce", A0, C, temperature=0.0)
    with pytest.raises(ValueError, match="A0 is not a covariance"):
        effective_landscape("infonce", -A0, C)
    with pytest.raises(ValueError, match="the same size"):
        effective_landscape("infonce", A0, np.eye(2))
