"""Nets that are trained, by our own objective, keep the modes that theory says."""

import numpy as np
import pytest
import torch

from eigenview.data import open_images, pack
from eigenview.objectives import BetaInfoNCE
from eigenview.theory.landscape import nearest_covariance, solve_beta_infonce, view_covariances
from eigenview.views import POLICIES, augment

P, STEPS = 192, 800


def trained(shares: np.ndarray, beta: float) -> np.ndarray:
    """Variances of embeddings along the modes, by SGD from a small start, of normal inputs with these noise shares."""
    generator, d = torch.Generator().manual_seed(0), len(shares)
    r = torch.from_numpy(shares).float()
    W = (0.1 * torch.randn(d, d, generator=generator)).requires_grad_()
    descent = torch.optim.SGD([W], lr=0.1, momentum=0.9)
    cooling = torch.optim.lr_scheduler.CosineAnnealingLR(descent, STEPS)
    objective = BetaInfoNCE(beta)
    for _ in range(STEPS):
        clean = (1 - r).sqrt() * torch.randn(P, d, generator=generator)
        views = clean + r.sqrt() * torch.randn(2, P, d, generator=generator)
        descent.zero_grad()
        objective(views @ W.T).backward()
        descent.step()
        cooling.step()
    return np.square(np.linalg.svd(W.detach().double().numpy(), compute_uv=False))


@pytest.mark.parametrize(("beta", "survivors"), [(0.2, 2), (0.5, 4), (1.0, 6)])
def test_as_many_modes_as_predicted_with_about_their_variances(beta, survivors):
    shares = np.array([0.1, 0.15, 0.3, 0.45, 0.7, 0.9])
    predicted = solve_beta_infonce(1 - shares, shares, beta)
    assert predicted.rank == survivors
    reached = trained(shares, beta)
    assert (reached > 1e-3).sum() == survivors
    # Finitely many negatives let strong modes grow further.
    np.testing.assert_allclose(reached[:survivors], predicted.modes[:survivors], rtol=0.2)


@pytest.mark.parametrize("strength", [0.2, 0.5])
def test_normal_laws_with_the_covariances_of_digits_and_of_our_views(strength):
    images = pack(open_images("digits"))[:, :1]
    policy, generator = POLICIES["large"].scaled(strength), torch.Generator().manual_seed(0)
    views = augment(images, policy, 8, generator).flatten(2).double().numpy()
    pixels = views.reshape(-1, views.shape[2])
    axes = np.linalg.eigh(np.cov(pixels.T))[1][:, -12:]
    A0, C = view_covariances(views @ axes)
    predicted = solve_beta_infonce(nearest_covariance(A0)[0], C, 0.6)
    assert 2 <= predicted.rank <= 10
    assert np.abs(predicted.noise_shares - 0.6).min() > 0.005
    assert (trained(np.clip(predicted.noise_shares, 0, 1), 0.6) > 1e-3).sum() == predicted.rank
