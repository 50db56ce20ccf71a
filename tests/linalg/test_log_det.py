"""Log-determinants of covariances, of few samples and of many, well- and ill-conditioned."""

import numpy as np
import pytest
import torch

from eigenview.linalg import log_det_covariance


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(9, 4), (4, 9), (5, 5), (2, 1), (2, 6)], ids=str)
@pytest.mark.parametrize("ridge", [1e-6, 0.1, 100.0])
def test_value(shape, ridge):
    z = draw(*shape)
    covariance = np.atleast_2d(np.cov(z.T.numpy()))
    expected = np.linalg.slogdet(ridge * np.eye(shape[1]) + covariance)[1]
    assert log_det_covariance(z, ridge).item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("shape", [(40, 12), (12, 40)], ids=str)
def test_a_collapsed_batch_in_float32_keeps_its_gradient(shape):
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
def test_what_is_not_finite_gives_nan(shape, bad):
    z = draw(*shape)
    z[1, 2] = bad
    assert log_det_covariance(z, 0.1).isnan()


def test_a_ridge_lost_in_rounding_gives_nan_or_the_truth():
    z = 1e10 * draw(8, 1) @ draw(1, 4, seed=1)
    exact = 3 * np.log(1e-9) + np.log(np.trace(np.cov(z.T.numpy())))
    found = log_det_covariance(z, 1e-9).item()
    assert np.isnan(found) or found == pytest.approx(exact, rel=0.5)
