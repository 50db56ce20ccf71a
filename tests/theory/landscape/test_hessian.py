"""The curvature of losses of the last layer: where it is known, and against the whole Hessian."""

import numpy as np
import pytest
import torch
from torch import Tensor

from eigenview.objectives import (
    MMCR,
    BarlowTwins,
    BetaInfoNCE,
    InfoNCE,
    SimCLR,
    SpectralContrastive,
    VICReg,
    WeightedInfoNCE,
)
from eigenview.theory.landscape import (
    barlow_origin,
    curvature,
    decayed_origin,
    effective_landscape,
    infonce_origin,
    loss_of_last_layer,
    origin_curvature,
    solve_beta_infonce,
    spectral_origin,
    vicreg_origin,
    view_covariances,
)
from eigenview.theory.landscape.hessian_products import hessian_at
from tests.theory.landscape.matrices import covariances

K, P, d = 2, 200, 6


@pytest.fixture(scope="module")
def inputs() -> Tensor:
    """Views of mean 0 each, so that a batch's covariances are those of its pairs."""
    generator = torch.Generator().manual_seed(0)
    scales = torch.linspace(2, 0.5, d, dtype=torch.float64)
    clean = scales * torch.randn(P, d, dtype=torch.float64, generator=generator)
    x = clean + torch.randn(K, P, d, dtype=torch.float64, generator=generator)
    return x - x.mean(1, keepdim=True)


CASES = [
    (InfoNCE(0.5, 0.0, similarity="euclidean", negatives="other"), lambda A, C, _: infonce_origin(A, C, 0.5)),
    (WeightedInfoNCE(5.0), lambda A, C, _: infonce_origin(A, C, partner_share=5 / (P + 4))),
    (BetaInfoNCE(0.3), lambda A, C, _: infonce_origin(A, C, repulsion=0.3)),
    (BetaInfoNCE(0.05), lambda A, C, _: infonce_origin(A, C, repulsion=0.05)),
    (SpectralContrastive(), lambda A, C, _: spectral_origin(A)),
    (BarlowTwins(), lambda A, C, _: barlow_origin(A, BarlowTwins.epsilon)),
    (VICReg(7.0, 3.0), lambda A, C, D: vicreg_origin(A, C, 7.0, 3.0, VICReg.epsilon, D)),
]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("shape", [(3, 4), (20, 30)], ids=["whole", "Lanczos"])
def test_a_curvature_that_is_the_same_along_all_directions(shape, sign):
    found = origin_curvature(lambda W: sign * W.square().sum(), np.ones(shape))
    assert found.lowest == pytest.approx(2 * sign, rel=1e-7)
    assert found.stable == (sign > 0)


@pytest.mark.parametrize("D", [3, 8], ids=["whole", "Lanczos"])
@pytest.mark.parametrize(("objective", "B"), CASES, ids=lambda case: type(case).__name__)
def test_at_the_origin_it_is_minus_twice_the_largest_of_b(objective, B, D, inputs):
    A0, C = view_covariances(inputs.numpy())
    eigenvalues, axes = np.linalg.eigh(B(A0, C, D))
    found = origin_curvature(loss_of_last_layer(objective, inputs), np.ones((D, d)))
    # Of a batch, divisors P and P − 1 differ, for parts of B that may cancel; nothing else may.
    assert found.lowest == pytest.approx(-2 * eigenvalues[-1], abs=6 / P * np.abs(B(A0, 0 * C, D)).max())
    assert found.stable == (eigenvalues[-1] <= 0)
    assert found.slope == pytest.approx(0, abs=1e-10 * abs(found.largest))
    assert np.linalg.norm(found.direction @ axes[:, -1]) == pytest.approx(1, abs=0.05)
    assert found.error < 1e-5
    assert (found.error > 0) == isinstance(objective, InfoNCE)


def test_decay_lifts_it_by_twice_its_own(inputs):
    with_it = origin_curvature(loss_of_last_layer(SpectralContrastive(), inputs, decay=0.7), np.ones((8, d)))
    without = origin_curvature(loss_of_last_layer(SpectralContrastive(), inputs), np.ones((8, d)))
    assert with_it.lowest == pytest.approx(without.lowest + 1.4, abs=1e-6)
    A0, C = view_covariances(inputs.numpy())
    B = decayed_origin(infonce_origin(A0, C), 20.0)
    decayed = loss_of_last_layer(BetaInfoNCE(1.0), inputs, decay=20.0)
    assert origin_curvature(decayed, np.ones((8, d))).stable == (np.linalg.eigvalsh(B)[-1] < 0)


@pytest.mark.parametrize("D", [3, 9])
@pytest.mark.parametrize("at", ["origin", "anywhere", "saddle", "minimum"])
def test_of_an_effective_landscape_it_is_that_of_the_whole_hessian(at, D):
    A0, C = covariances(1, d=5, noise=0.3)
    landscape = effective_landscape("infonce", A0, C, beta=0.8)
    B, sigma = torch.from_numpy(landscape.B), torch.from_numpy(landscape.sigma)

    def loss(W: Tensor) -> Tensor:
        S = W @ sigma @ W.T
        return -torch.trace(W @ B @ W.T) + landscape.quartic * S.square().sum()

    mask = np.arange(len(landscape.gains)) == 1
    W = {
        "origin": lambda: np.zeros((D, 5)),
        "anywhere": lambda: np.random.default_rng(0).normal(size=(D, 5)),
        "saddle": lambda: landscape.stationary(mask, D).weights(D),
        "minimum": lambda: landscape.minimum(D).weights(D),
    }[at]()
    H = torch.autograd.functional.hessian(loss, torch.from_numpy(W)).reshape(W.size, W.size).numpy()
    eigenvalues = np.linalg.eigvalsh(H)
    found = curvature(loss, W)
    size = np.abs(eigenvalues).max()
    assert found.lowest == pytest.approx(eigenvalues[0], abs=1e-7 * size)
    assert abs(found.largest) == pytest.approx(size, rel=0.02)
    assert found.direction.ravel() @ H @ found.direction.ravel() == pytest.approx(found.lowest, abs=1e-7 * size)
    assert found.slope == pytest.approx(float(np.linalg.norm(landscape.gradient(W))), abs=1e-9 * size)
    # Rotations leave the minimum flat, and nothing leads down from it; far out the quartic curves upwards everywhere.
    assert found.stable == (at in ("minimum", "anywhere"))


@pytest.mark.parametrize("objective", [SpectralContrastive(), BetaInfoNCE(0.7)], ids=lambda o: type(o).__name__)
def test_away_from_the_origin_it_is_that_of_the_whole_hessian(objective, inputs):
    """By differences of the loss's gradient, all of them."""
    W = torch.randn(5, d, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) / 3
    loss = loss_of_last_layer(objective, inputs)

    def slope(W: Tensor) -> Tensor:
        W = W.clone().requires_grad_()
        return torch.autograd.grad(loss(W), W)[0]

    moves = 1e-4 * torch.eye(30, dtype=torch.float64).reshape(30, 5, d)
    H = torch.stack([(slope(W + move) - slope(W - move)) / 2e-4 for move in moves]).reshape(30, 30)
    expected = np.linalg.eigvalsh(((H + H.T) / 2).numpy())
    found = curvature(loss, W)
    assert found.lowest == pytest.approx(expected[0], abs=1e-5 * np.abs(expected).max())


def test_a_minimum_of_infonce_has_no_way_down():
    """W of the exact solution, on a large sample of what it assumes."""
    generator = torch.Generator().manual_seed(0)
    A0, C = np.diag([2.0, 1.0, 0.3]), np.eye(3)
    clean = torch.randn(500, 3, dtype=torch.float64, generator=generator) * torch.tensor([2.0, 1.0, 0.3]).sqrt()
    x = clean + torch.randn(2, 500, 3, dtype=torch.float64, generator=generator)
    W = solve_beta_infonce(A0, C, 0.5).weights(3)
    loss = loss_of_last_layer(BetaInfoNCE(0.5), x)
    at_origin, learned = origin_curvature(loss, W), curvature(loss, W)
    assert at_origin.lowest < -0.5
    assert learned.lowest > at_origin.lowest / 20
    assert learned.slope < 0.1


@pytest.mark.parametrize("objective", [SimCLR(), MMCR()], ids=lambda o: type(o).__name__)
def test_a_loss_of_directions_has_none_at_the_origin(objective, inputs):
    with pytest.raises(ValueError, match="no value at the origin"):
        origin_curvature(loss_of_last_layer(objective, inputs), np.ones((4, d)))


@pytest.mark.parametrize("objective", [SpectralContrastive(), BetaInfoNCE(0.7)], ids=lambda o: type(o).__name__)
def test_products_are_linear(objective, inputs):
    generator = np.random.default_rng(0)
    W = torch.from_numpy(generator.normal(size=(5, d)))
    H = hessian_at(loss_of_last_layer(objective, inputs), W, generator)
    v, w = generator.normal(size=(2, 5 * d))
    expected = 30 * H.matvec(v) - 1e-3 * H.matvec(w)
    np.testing.assert_allclose(H.matvec(30 * v - 1e-3 * w), expected, atol=1e-6 * np.abs(expected).max())
    assert v @ H.matvec(w) == pytest.approx(w @ H.matvec(v), rel=1e-6)
    assert not H.matvec(0 * v).any()


def test_the_seed_decides(inputs):
    loss = loss_of_last_layer(SpectralContrastive(), inputs)
    first, again = (origin_curvature(loss, np.ones((8, d)), seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.direction, again.direction)


@pytest.mark.parametrize("size", [(2, 3), (6, 7)])
def test_a_flat_loss_is_flat(size):
    for loss in (lambda W: W.sum(), lambda W: 0 * W.square().sum(), lambda W: (W - W.detach()).square().sum() * 0):
        found = curvature(loss, np.ones(size))
        assert found.lowest == found.largest == 0
        assert np.linalg.norm(found.direction) == pytest.approx(1)
        assert found.stable


def test_a_tensor_keeps_its_dtype():
    def loss(W: Tensor) -> Tensor:
        assert W.dtype == torch.float32
        return (W * W * torch.arange(1.0, 31.0).reshape(5, 6)).sum()

    found = curvature(loss, torch.ones(5, 6))
    assert found.lowest == pytest.approx(2, rel=1e-4)
    assert origin_curvature(loss, torch.ones(5, 6)).lowest == pytest.approx(2, rel=1e-4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: curvature(torch.sum, np.full((2, 3), np.nan)), "finite matrix"),
        (lambda: curvature(torch.sum, np.ones((0, 3))), "finite matrix"),
        (lambda: curvature(lambda W: W.log().sum(), np.zeros((2, 3))), "is not finite at this weight"),
        (lambda: curvature(lambda W: W.abs().pow(1.5).sum(), np.zeros((2, 3))), "second derivatives"),
        (lambda: origin_curvature(lambda W: 1 / W.norm(), np.ones((2, 3))), "no value at the origin"),
    ],
)
def test_wrong_inputs_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_differences_that_agree_at_no_step_are_refused(inputs):
    """A gradient of once only, with noise far above what single precision leaves."""
    generator = torch.Generator().manual_seed(0)

    def noisy(W: Tensor) -> Tensor:
        noise = torch.randn(W.shape, dtype=torch.float64, generator=generator)
        return BetaInfoNCE(0.5)(inputs @ W.T) + (W * noise).sum()

    with pytest.raises(ValueError, match="agree at no step"):
        curvature(noisy, np.ones((4, d)))


def test_an_error_of_the_loss_itself_is_not_hidden():
    def wrong(W: Tensor) -> Tensor:
        return W @ W

    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        curvature(wrong, np.ones((2, 3)))
