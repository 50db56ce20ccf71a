"""Singular values, and what is refused."""

import sys

import numpy as np
import pytest
import torch

from eigenview.linalg import chunking as blocks
from eigenview.linalg import singular_values
from tests.memory import Memory


@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (12, 7), (7, 12)], ids=str)
def test_values_largest_first(shape: tuple[int, int]) -> None:
    x = torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    np.testing.assert_allclose(singular_values(x).numpy(), np.linalg.svd(x.numpy(), compute_uv=False), rtol=1e-12)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_low_precision_is_computed_above_it(dtype: torch.dtype) -> None:
    x = torch.randn(9, 6, generator=torch.Generator().manual_seed(0)).to(dtype)
    with torch.autocast("cpu", torch.bfloat16):
        values = singular_values(x)
    assert values.dtype == torch.float32
    torch.testing.assert_close(values, torch.linalg.svdvals(x.float()))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_is_refused(bad: float) -> None:
    x = torch.ones(4, 3)
    x[2, 1] = bad
    with pytest.raises(ValueError, match="4×3 matrix has entries that are not finite"):
        singular_values(x)


SHAPES = pytest.mark.parametrize("shape", [(40, 7), (7, 40), (12, 12)], ids=str)
WAYS = pytest.mark.parametrize("direct", [2**20, 0], ids=["direct", "streamed"])


def rows(shape: tuple[int, int], offset: float = 0.0) -> torch.Tensor:
    return offset + torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def use(direct: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams matrices of more entries than that, in blocks of a few rows."""
    monkeypatch.setattr(sys.modules["eigenview.linalg.singular_values"], "_DIRECT", direct)
    monkeypatch.setattr(blocks, "_BYTES", 8 * 90)


@SHAPES
@WAYS
def test_against_numpy_streamed_or_not(shape, direct, monkeypatch):
    use(direct, monkeypatch)
    x = rows(shape, offset=0.3)
    before = x.clone()
    for centred in (False, True):
        expected = np.linalg.svd(x.numpy() - centred * x.numpy().mean(0), compute_uv=False)
        np.testing.assert_allclose(singular_values(x, centred), expected, rtol=1e-10, atol=1e-7 * expected[0])
    assert torch.equal(x, before)


@SHAPES
@WAYS
def test_a_far_origin_takes_no_digits_of_centred_ones(shape, direct, monkeypatch):
    use(direct, monkeypatch)
    found, expected = (singular_values(rows(shape, offset), centered=True) for offset in (1e6, 0))
    torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-6)


@SHAPES
@WAYS
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_equal_rows_centred_are_exactly_zero(shape, direct, dtype, monkeypatch):
    use(direct, monkeypatch)
    row = rows((1, shape[1]), offset=1e3).to(dtype)
    assert singular_values(row.expand(shape), centered=True).abs().max() == 0


def test_how_small_a_streamed_value_may_be(monkeypatch):
    use(0, monkeypatch)
    U, V = (torch.linalg.qr(rows((side, 5))).Q for side in (60, 8))
    values = torch.tensor([1, 1e-2, 1e-4, 1e-6, 0], dtype=torch.float64)
    found = singular_values(U * values @ V.mT)
    torch.testing.assert_close(found[:4], values[:4], rtol=1e-3, atol=0)
    assert found[4:].max() < 1e-7


@SHAPES
def test_streamed_what_is_not_finite_is_refused(shape, monkeypatch):
    use(0, monkeypatch)
    x = rows(shape)
    x[3, 4] = torch.nan
    with pytest.raises(ValueError, match="not finite"):
        singular_values(x)


@pytest.mark.parametrize("shape", [(20_000, 60), (60, 20_000)], ids=str)
def test_streamed_the_memory_is_that_of_the_smaller_side(shape, monkeypatch):
    monkeypatch.setattr(blocks, "_BYTES", 2**18)
    x = torch.randn(*shape, generator=torch.Generator().manual_seed(0))
    with Memory() as memory:
        singular_values(x, centered=True)
    assert memory.peak < 2**20 + 8 * (8 * 60**2)
