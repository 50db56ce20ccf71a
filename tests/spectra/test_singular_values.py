"""Singular values, and what is refused."""

import numpy as np
import pytest
import torch

from eigenview.spectra import singular_values


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
