"""Moments taken some rows at a time."""

import numpy as np
import pytest
import torch

from eigenview.linalg import chunking as blocks
from eigenview.linalg import moments
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
