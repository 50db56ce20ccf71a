"""Large matrices, some rows at a time."""

import pytest
import torch

from eigenview.linalg import chunking as blocks
from eigenview.linalg import row_blocks, view_blocks


def views(K: int = 3, P: int = 23, D: int = 5) -> torch.Tensor:
    return torch.randn(K, P, D, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("block_bytes", "count"), [(1, 23), (8 * 3 * 5 * 4, 6), (2**20, 1)])
def test_blocks_of_views_are_all_samples_in_order(block_bytes, count, monkeypatch):
    monkeypatch.setattr(blocks, "_BYTES", block_bytes)
    found = list(view_blocks(views()))
    assert len(found) == count
    assert torch.equal(torch.cat(found, 1), views().double())


def test_blocks_of_rows_are_all_rows_in_order(monkeypatch):
    monkeypatch.setattr(blocks, "_BYTES", 8 * 5 * 4)
    assert torch.equal(torch.cat(list(row_blocks(views()[0]))), views()[0].double())


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_is_refused_by_its_sample(bad, monkeypatch):
    monkeypatch.setattr(blocks, "_BYTES", 8 * 3 * 5 * 4)
    z = views()
    z[1, 17, 2] = bad
    with pytest.raises(ValueError, match="embeddings of 3 × 23 × 5 are not finite, the first in sample 17"):
        list(view_blocks(z, "embeddings"))


def test_rows_without_dimensions_are_refused():
    with pytest.raises(ValueError, match=r"embeddings must be \[N, D\] with at least one dimension, not \[4, 0\]"):
        list(row_blocks(torch.ones(4, 0), "embeddings"))
    with pytest.raises(ValueError, match=r"\[K, P, D\] with at least one dimension, not \[2, 4, 0\]"):
        list(view_blocks(torch.ones(2, 4, 0)))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_blocks_may_be_written_into(dtype):
    z = views().to(dtype)
    before = z.clone()
    for block in (*row_blocks(z[0]), *view_blocks(z)):
        block.zero_()
    assert torch.equal(z, before)
