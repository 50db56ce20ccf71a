"""Cuts along the last layer, against losses whose values there are known."""

from itertools import product

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from eigenview.objectives import BetaInfoNCE, SpectralContrastive
from eigenview.theory.landscape import (
    beta_infonce_loss,
    effective_landscape,
    loss_of_last_layer,
    slice_by_rows,
    slice_by_scale,
    slice_by_singular_values,
    solve_beta_infonce,
)
from tests.theory.landscape.matrices import covariances

A0, C = covariances(0, d=4, noise=0.3)
W = np.random.default_rng(1).normal(size=(3, 4))
GRID = np.linspace(-1, 2, 7)


def test_along_a_scale_an_effective_landscape_is_a_quartic():
    landscape = effective_landscape("infonce", A0, C, beta=0.8)
    found = slice_by_scale(landscape.value, W, GRID)
    S = W @ landscape.sigma @ W.T
    expected = -(GRID**2) * np.trace(W @ landscape.B @ W.T) + GRID**4 * landscape.quartic * np.square(S).sum()
    np.testing.assert_allclose(found.losses, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(found.factors, GRID)


@pytest.mark.parametrize(("shape", "half"), [((3, 4), 2), ((4, 4), 2), ((5, 3), 2), ((2, 6), 1)])
def test_halves_of_singular_values_by_hand(shape, half):
    weight = np.random.default_rng(2).normal(size=shape)
    seen = []
    found = slice_by_singular_values(lambda W: seen.append(W) or float(len(seen)), weight, [0.5, 2.0], [0.1, 1.0, 3.0])
    assert found.losses.tolist() == [[1, 2, 3], [4, 5, 6]]
    values = np.linalg.svd(weight, compute_uv=False)
    for weight_seen, (r1, r2) in zip(seen, product(found.first, found.second), strict=True):
        scaled = np.concatenate([r1 * values[:half], r2 * values[half:]])
        np.testing.assert_allclose(np.linalg.svd(weight_seen, compute_uv=False), np.sort(scaled)[::-1])


def test_where_all_is_kept_every_slice_has_the_loss_of_w():
    weight = W[:2]
    loss = beta_infonce_loss(weight, A0, C, 0.8)
    for cut in (slice_by_singular_values, slice_by_rows):
        found = cut(lambda W: beta_infonce_loss(W, A0, C, 0.8), weight, [0.0, 1.0], [1.0])
        assert found.losses[1, 0] == pytest.approx(loss, rel=1e-12)
        assert found.losses[0, 0] != pytest.approx(loss, rel=1e-3)


def test_rows_are_scaled_by_their_own_factor():
    seen = []
    slice_by_rows(lambda W: seen.append(W) or 0.0, W[:2], [3.0], [-0.5])
    np.testing.assert_array_equal(seen[0], W[:2] * [[3.0], [-0.5]])


def test_the_minimum_is_where_the_factors_are_one():
    """Strong modes and weak ones, of the exact solution: neither half wants to be larger or smaller."""
    solution = solve_beta_infonce(np.diag([4.0, 2.0, 0.5, 0.3]), 0.1 * np.eye(4), 0.9).weights(4)
    found = slice_by_singular_values(
        lambda W: beta_infonce_loss(W, np.diag([4.0, 2.0, 0.5, 0.3]), 0.1 * np.eye(4), 0.9), solution, GRID, GRID
    )
    i, j = np.unravel_index(found.losses.argmin(), found.losses.shape)
    assert np.abs(found.first[i]) == np.abs(found.second[j]) == 1


def test_a_trained_net_s_last_layer():
    """The loss of a whole net, run again for each factor, is that of the layer on its inputs."""
    generator = torch.Generator().manual_seed(0)
    body, bias = torch.randn(5, 4, generator=generator), torch.randn(3, generator=generator)
    head, images = nn.Linear(5, 3), torch.randn(2, 20, 4, generator=generator)
    with torch.no_grad():
        head.weight.copy_(torch.randn(3, 5, generator=generator))
        head.bias.copy_(bias)
    weight = head.weight.detach().clone()

    def whole(W: Tensor) -> Tensor:
        with torch.no_grad():
            head.weight.copy_(W)
        return SpectralContrastive()(head((images @ body.T).tanh())) + 0.3 * W.square().sum()

    on_inputs = loss_of_last_layer(SpectralContrastive(), (images @ body.T).tanh(), decay=0.3, bias=bias)
    found, again = (slice_by_scale(loss, weight, GRID) for loss in (whole, on_inputs))
    np.testing.assert_allclose(found.losses, again.losses, rtol=1e-5)


def test_weights_arrive_as_they_were_given():
    kinds = []
    for given in (W, W.astype(np.float32), torch.from_numpy(W), torch.from_numpy(W).float().requires_grad_()):
        slice_by_scale(lambda W: kinds.append((type(W), W.dtype, torch.is_grad_enabled())) or 0.0, given, [1.0])
    assert [kind[:2] for kind in kinds] == [
        (np.ndarray, np.dtype(np.float64)),
        (np.ndarray, np.dtype(np.float32)),
        (Tensor, torch.float64),
        (Tensor, torch.float32),
    ]
    assert not any(kind[2] for kind in kinds)


@pytest.mark.usefixtures("as_users_call")
def test_a_weight_of_whole_numbers_is_cut_between_them():
    whole = np.array([[3, 1], [1, 2]])
    for weight in (whole, torch.from_numpy(whole)):
        cut = slice_by_scale(lambda W: float((W**2).sum()), weight, [0.5, 1.0])
        np.testing.assert_allclose(cut.losses, [3.75, 15.0])


def test_the_loss_of_a_layer_takes_arrays_and_gives_gradients():
    inputs = np.random.default_rng(0).normal(size=(2, 10, 4))
    loss = loss_of_last_layer(BetaInfoNCE(0.5), inputs)
    weight = torch.from_numpy(W).requires_grad_()
    expected = BetaInfoNCE(0.5)(torch.from_numpy(inputs @ W.T))
    assert float(loss(W)) == float(loss(weight.detach())) == pytest.approx(float(expected), rel=1e-12)
    assert torch.autograd.gradcheck(loss, weight)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: slice_by_scale(lambda W: 0.0, W * np.nan, GRID), "finite matrix"),
        (lambda: slice_by_scale(lambda W: 0.0, W, []), "at least one"),
        (lambda: slice_by_scale(lambda W: 0.0, W, [np.inf]), "finite numbers"),
        (lambda: slice_by_scale(lambda W: np.nan, W, [0.5]), r"nan at the factors"),
        (lambda: slice_by_singular_values(lambda W: 0.0, W[:1], GRID, GRID), "cannot be split"),
        (lambda: slice_by_rows(lambda W: 0.0, W, GRID, GRID), "two rows, one for each factor, not 3"),
        (lambda: loss_of_last_layer(torch.sum, np.full((2, 3, 4), np.nan)), "must be finite"),
        (lambda: loss_of_last_layer(torch.sum, np.zeros((2, 0, 4))), "not empty"),
    ],
)
def test_wrong_inputs_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
