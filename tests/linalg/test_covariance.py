"""Moments taken in blocks of rows, and log-determinants of covariances, well- and ill-conditioned."""

import numpy as np
import pytest
import torch

from eigenview.linalg import chunking as blocks
from eigenview.linalg import log_det_covariance, moments
from tests.memory import Memory


def rows(N: int, D: int, offset: float = 0.0) -> torch.Tensor:
    return offset + torch.randn(N, D, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("block_bytes", [1, 3 * 8 * 5, 2**20])
def test_against_numpy_whatever_the_blocks(block_bytes, monkeypatch):
    monkeypatch.setattr(blocks, "_BYTES", block_bytes)
    x = rows(23, 5)
    found, exact = moments(x), x.double().numpy()
    assert found.N == 23
    np.testing.assert_allclose(found.mean, exact.mean(0), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found.gram, exact.T @ exact, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.scatter / 22, np.cov(exact.T), rtol=1e-12, atol=1e-12)


def test_a_far_origin_takes_no_digits():
    x = rows(200, 3, offset=1e4).double()
    np.testing.assert_allclose(moments(x).scatter / 199, np.cov(x.numpy().T), rtol=1e-10)


def test_memory_does_not_grow_with_rows(monkeypatch):
    monkeypatch.setattr(blocks, "_BYTES", 2**18)
    x = rows(20_000, 60)
    with Memory() as memory:
        moments(x)
    assert memory.peak < 4 * 2**18 + 3 * (8 * 60**2) < 4 * x.numel()


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_not_finite_is_refused_by_its_row(bad):
    x = rows(50, 4)
    x[31, 2] = bad
    with pytest.raises(ValueError, match="embeddings of 50 × 4 are not finite, the first in row 31"):
        moments(x, "embeddings")


def test_nothing_has_no_moments():
    with pytest.raises(ValueError, match="empty"):
        moments(torch.empty(0, 4))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_rows_stay_as_they_are(dtype):
    x = rows(50, 4, offset=3.0).to(dtype)
    before = x.clone()
    moments(x)
    assert torch.equal(x, before)


def test_equal_rows_have_no_scatter_at_all():
    assert moments(rows(1, 5).expand(77, 5)).scatter.abs().max() == 0


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(9, 4), (4, 9), (5, 5), (2, 1), (2, 6)], ids=str)
@pytest.mark.parametrize("ridge", [1e-6, 0.1, 100.0])
def test_log_determinant(shape, ridge):
    z = draw(*shape)
    covariance = np.atleast_2d(np.cov(z.T.numpy()))
    expected = np.linalg.slogdet(ridge * np.eye(shape[1]) + covariance)[1]
    assert log_det_covariance(z, ridge).item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("shape", [(40, 12), (12, 40)], ids=str)
def test_log_determinant_of_a_collapsed_batch_in_float32_keeps_its_gradient(shape):
    # Singular values from 1 to 1e-8: float32 products would lose all below the ridge.
    z = (draw(*shape) * torch.logspace(0, -8, shape[1], dtype=torch.float64)).float()
    x, exact = z.clone().requires_grad_(), z.double().requires_grad_()
    log_det_covariance(x, 1e-9).backward()
    log_det_covariance(exact, 1e-9).backward()
    assert x.grad is not None
    assert exact.grad is not None
    torch.testing.assert_close(x.grad, exact.grad.float(), rtol=1e-5, atol=1e-6 * exact.grad.abs().max().item())


@pytest.mark.parametrize("shape", [(6, 3), (3, 6)], ids=str)
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_log_determinant_of_what_is_not_finite_is_nan(shape, bad):
    z = draw(*shape)
    z[1, 2] = bad
    assert log_det_covariance(z, 0.1).isnan()


def test_a_ridge_lost_in_rounding_gives_nan_or_the_truth():
    z = 1e10 * draw(8, 1) @ draw(1, 4, seed=1)
    exact = 3 * np.log(1e-9) + np.log(np.trace(np.cov(z.T.numpy())))
    found = log_det_covariance(z, 1e-9).item()
    assert np.isnan(found) or found == pytest.approx(exact, rel=0.5)
