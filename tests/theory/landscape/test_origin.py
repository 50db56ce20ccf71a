"""B against the losses themselves, at a weight so small that only the second order is left."""

import numpy as np
import pytest
import torch

from eigenview.objectives import BarlowTwins, BetaInfoNCE, InfoNCE, SpectralContrastive, VICReg, WeightedInfoNCE
from eigenview.theory.landscape import (
    barlow_origin,
    decayed_origin,
    infonce_origin,
    modes_of,
    spectral_origin,
    vicreg_like_origin,
    vicreg_origin,
)

K, P, D = 2, 200, 4
"""Shape of a batch."""


@pytest.fixture(scope="module")
def inputs() -> torch.Tensor:
    """Views of three dimensions, of mean 0 in each view, so that a batch's covariances are those of its pairs."""
    generator = torch.Generator().manual_seed(0)
    scales = torch.tensor([2.0, 1.0, 0.5], dtype=torch.float64)
    clean = scales * torch.randn(P, 3, dtype=torch.float64, generator=generator)
    x = clean + torch.randn(K, P, 3, dtype=torch.float64, generator=generator)
    return x - x.mean(1, keepdim=True)


def covariances(x: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """A0 and C, unbiased, by their definition."""
    a, b = x.numpy()
    cross = a.T @ b
    return (cross + cross.T) / 2 / (P - 1), (a - b).T @ (a - b) / 2 / P


def second_order(objective, x: torch.Tensor, W: torch.Tensor, size: float) -> float:
    """−(L(tW) − L(0))/t²."""
    z = size * (x @ W.T)
    return float(objective(torch.zeros_like(z)) - objective(z)) / size**2


CASES = [
    (InfoNCE(1.0, similarity="euclidean", negatives="other"), lambda A, C: infonce_origin(A, C, 1.0, 1.0, 1 / P), 1e-3),
    (InfoNCE(0.5, 0.0, similarity="euclidean"), lambda A, C: infonce_origin(A, C, 0.5), 1e-3),
    (WeightedInfoNCE(5.0), lambda A, C: infonce_origin(A, C, partner_share=5 / (P + 4)), 1e-3),
    (BetaInfoNCE(0.3), lambda A, C: infonce_origin(A, C, repulsion=0.3), 1e-3),
    (SpectralContrastive(), lambda A, _: spectral_origin(A), 1e-3),
    (BarlowTwins(), lambda A, _: barlow_origin(A, BarlowTwins.epsilon), 1e-5),
    (VICReg(7.0, 3.0), lambda A, C: vicreg_origin(A, C, 7.0, 3.0, VICReg.epsilon, D), 1e-5),
]


@pytest.mark.parametrize(("objective", "B", "size"), CASES, ids=lambda case: type(case).__name__)
def test_b_is_the_second_order_of_the_loss(objective, B, size, inputs):
    A0, C = covariances(inputs)
    for seed in range(3):
        W = torch.randn(D, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        expected = np.trace(W.numpy() @ B(A0, C) @ W.numpy().T)
        # Of a batch, divisors P and P − 1 differ; nothing else may.
        assert second_order(objective, inputs, W, size) == pytest.approx(expected, rel=3 / P)


def test_infonce_collapses_in_no_mode_and_beta_infonce_where_augmentation_is_strong():
    a, c, beta = np.array([4.0, 1.0, 0.25]), np.ones(3), 0.3
    assert modes_of(infonce_origin(np.diag(a), np.diag(c))).surviving == 3
    found = modes_of(infonce_origin(np.diag(a), np.diag(c), repulsion=beta))
    assert found.surviving == (c < beta * a / (1 - beta)).sum() == 1
    assert not found.stable
    assert modes_of(infonce_origin(np.diag(a), 2 * np.diag(c), repulsion=beta)).stable


@pytest.mark.parametrize(("a", "c"), [(0.1, 5.0), (1.0, 1.0), (5.0, 0.2)])
def test_a_vicreg_like_mode_is_stable_as_notes_say(a, c):
    threshold = c / (2 * 1.5 * (a + c))
    for kappa in (0.5 * threshold, 0.99 * threshold, 1.01 * threshold, 2 * threshold):
        B = vicreg_like_origin(np.array([[a]]), np.array([[c]]), kappa, 1.5)
        assert modes_of(B).stable == (kappa < threshold)


def test_vicreg_s_own_hinge_collapses_only_far_from_its_usual_weights():
    A0, C = 0.1 * np.eye(2), np.eye(2)
    assert not modes_of(vicreg_origin(A0, C, 25.0, 25.0, 1e-4, 8)).stable
    assert modes_of(vicreg_origin(A0, C, 2500.0, 25.0, 1e-4, 8)).stable


def test_decay_takes_modes_below_it():
    B = np.diag([3.0, 2.0, 1.0])
    assert [modes_of(decayed_origin(B, decay)).surviving for decay in (0.5, 2.0, 2.5, 3.0)] == [3, 1, 1, 0]


def test_a_zero_within_rounding_is_no_mode_that_grows():
    rows = np.random.default_rng(0).normal(size=(3, 8))
    assert modes_of(rows.T @ rows).surviving == 3
    assert modes_of(np.zeros((2, 2))).stable


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: modes_of(np.array([[1.0, 5.0], [0.0, 1.0]])), "B must be symmetric"),
        (lambda: modes_of(np.array([[np.nan]])), "B is not finite"),
        (lambda: infonce_origin(np.eye(2), np.eye(2), 0.0), "temperature must be positive"),
        (lambda: infonce_origin(np.eye(2), np.ones((1, 1))), "the same size"),
        (lambda: barlow_origin(np.eye(2), 0.0), "epsilon must be positive"),
        (lambda: vicreg_origin(np.eye(2), np.eye(2), 1.0, 1.0, 0.0, 2), "epsilon must be positive"),
        (lambda: vicreg_like_origin(np.eye(2), np.ones((1, 1)), 1.0, 1.0), "the same size"),
        (lambda: decayed_origin(np.eye(2), -1.0), "decay must be finite"),
    ],
)
def test_what_cannot_be_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
