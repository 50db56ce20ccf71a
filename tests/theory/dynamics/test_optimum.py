"""The four problems have one minimum: each is descended from many starts."""

import numpy as np
import pytest
import torch

from eigenview.theory.dynamics import optimum, project_onto_constraint, scaled_loss

d, h = 5, 12


def matrix(seed: int, negative: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    axes = np.linalg.qr(generator.normal(size=(d, d)))[0]
    size = generator.uniform(0.3, 1, d)
    return (axes * np.where(np.arange(d) < negative, -size, size)) @ axes.T


def clipped(weight: np.ndarray) -> np.ndarray:
    """The nearest weight whose singular values are at most 1."""
    left, singular, right = np.linalg.svd(weight, full_matrices=False)
    return (left * np.minimum(singular, 1)) @ right


def descended(C: np.ndarray, z: int, seed: int) -> np.ndarray:
    """The least of L over a smooth norm, the 256th of Schatten's, which is within 1% of the largest singular value."""
    W = torch.randn(z, d, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).requires_grad_()
    descent = torch.optim.LBFGS([W], max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        descent.zero_grad()
        squares = torch.linalg.eigvalsh(W @ W.T)
        largest = squares[-1].detach()
        value = torch.trace(W @ torch.from_numpy(C) @ W.T) / (largest * (squares / largest).pow(128).sum().pow(1 / 128))
        value.backward()
        return value

    descent.step(loss)
    return W.detach().numpy()


PROBLEMS = [(1, 3), (2, 3), (3, 2), (2, 0), (2, 5)]


@pytest.mark.parametrize(("z", "negative"), PROBLEMS)
def test_the_scaled_loss(z, negative):
    C = matrix(1, negative)
    expected, ends = optimum(C, z), []
    for seed in range(4):
        W = descended(C, z, seed)
        ends.append(scaled_loss(W, C))
    if negative:
        assert min(ends) == pytest.approx(expected.value, rel=0.01)
        assert min(ends) > expected.value - 1e-9
        assert scaled_loss(expected.W, C) == pytest.approx(expected.value)
    else:  # no map is better than the least bad one, and 0 is no map
        assert (expected.value, expected.rank) == (0, 0)
        assert min(ends) == pytest.approx(np.linalg.eigvalsh(C)[0], rel=0.01)


@pytest.mark.parametrize(("z", "negative"), PROBLEMS)
def test_one_map_in_the_unit_ball(z, negative):
    C, generator = matrix(2, negative), np.random.default_rng(0)
    for _ in range(4):
        W = generator.normal(size=(z, d))
        for _ in range(1000):
            W = clipped(W - 0.1 * W @ C)
        assert np.trace(W @ C @ W.T) == pytest.approx(optimum(C, z).value, abs=1e-6)


@pytest.mark.parametrize(("z", "negative"), PROBLEMS)
@pytest.mark.parametrize("constraint", [clipped, project_onto_constraint], ids=["ball", "orthonormal"])
def test_two_layers(z, negative, constraint):
    C, generator = matrix(3, negative), np.random.default_rng(0)
    for _ in range(3):
        W1, W2 = constraint(generator.normal(size=(h, d))), constraint(generator.normal(size=(h, z)))
        for _ in range(600):
            WC = W2.T @ W1 @ C
            W1, W2 = constraint(W1 - 0.2 * W2 @ WC), constraint(W2 - 0.2 * W1 @ WC.T)
        W = W2.T @ W1
        assert np.trace(W @ C @ W.T) == pytest.approx(optimum(C, z).value, abs=1e-4)


def test_its_map_has_the_value_and_singular_values_of_one():
    C = matrix(4, 3)
    for z in (1, 2, 3, 4):
        found = optimum(C, z)
        assert found.rank == min(z, 3)
        assert np.trace(found.W @ C @ found.W.T) == pytest.approx(found.value)
        np.testing.assert_allclose(np.linalg.svd(found.W, compute_uv=False)[: found.rank], 1)


def test_rounding_is_no_negative_eigenvalue():
    x = np.random.default_rng(0).normal(size=(3, 4, 30)).astype(np.float32)
    assert [optimum(each.T @ each, 20).rank for each in x] == [0, 0, 0]
    assert optimum(np.diag([-1e-8, 1.0]), 2).rank == 1


@pytest.mark.parametrize("size", [1e-200, 1e-5, 1e200])
def test_no_scale_changes_the_scaled_loss(size):
    C, W = matrix(0, 2), np.random.default_rng(0).normal(size=(2, d))
    assert scaled_loss(size * W, C) == pytest.approx(np.trace(W @ C @ W.T) / np.linalg.norm(W, 2) ** 2)


@pytest.mark.usefixtures("as_users_call")
def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="z must"):
        optimum(np.eye(2), 0)
    with pytest.raises(ValueError, match="square"):
        optimum(np.ones((2, 3)), 1)
    with pytest.raises(ValueError, match="W is 0"):
        scaled_loss(np.zeros((1, 2)), np.eye(2))
    for W in (np.ones((1, 3)), np.ones(2), np.full((1, 2), np.nan)):
        with pytest.raises(ValueError, match="W must be finite and"):
            scaled_loss(W, np.eye(2))
