"""Value and gradient of the nuclear norm, against an SVD in float64."""

import numpy as np
import pytest
import torch
from torch import Tensor

from eigenview.linalg import nuclear_norm


def gaussian(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def with_spectrum(values: Tensor, rows: int, columns: int) -> Tensor:
    """A random rows × columns matrix of these singular values."""
    left, right = (torch.linalg.qr(gaussian(side, len(values), seed=side)).Q for side in (rows, columns))
    return left * values @ right.mT


def gradient(x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    nuclear_norm(x).sum().backward()
    assert x.grad is not None
    return x.grad


@pytest.mark.parametrize("shape", [(1, 7), (7, 1), (5, 9), (30, 8), (16, 16), (4, 6, 3), (2, 3, 5, 4)], ids=str)
def test_value_is_the_sum_of_singular_values(shape: tuple[int, ...]) -> None:
    x = gaussian(*shape)
    expected = np.linalg.svd(x.numpy(), compute_uv=False).sum(-1)
    np.testing.assert_allclose(nuclear_norm(x).numpy(), expected, rtol=1e-12)
    assert nuclear_norm(x.float()).dtype == torch.float32
    np.testing.assert_allclose(nuclear_norm(x.float()).numpy(), expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (1, 6), (6, 1), (2, 4, 3)], ids=str)
def test_gradcheck(shape: tuple[int, ...]) -> None:
    assert torch.autograd.gradcheck(nuclear_norm, gaussian(*shape).requires_grad_())


SPECTRA = {
    "uniform": (torch.ones(64, dtype=torch.float64), 0.9999),
    "decaying": (torch.logspace(0, -3, 64, dtype=torch.float64), 0.9999),
    "hardly resolved by its Gram matrix": (torch.logspace(0, -4.9, 64, dtype=torch.float64), 0.9999),
    "collapsed": (torch.logspace(0, -8, 10, dtype=torch.float64), 0.998),
}


@pytest.mark.parametrize("shape", [(64, 128), (128, 64), (64, 64)], ids=str)
@pytest.mark.parametrize("kind", SPECTRA)
def test_gradient_of_a_float32_matrix_is_its_polar_factor(kind: str, shape: tuple[int, int]) -> None:
    values, least = SPECTRA[kind]
    x = with_spectrum(values, *shape).float()
    U, _, Vh = np.linalg.svd(x.double().numpy(), full_matrices=False)
    cosine = torch.cosine_similarity(gradient(x).double().flatten(), torch.from_numpy(U @ Vh).flatten(), dim=0)
    assert cosine >= least


def test_gradient_leaves_directions_out_that_the_matrix_lacks() -> None:
    x = torch.outer(torch.ones(6), torch.tensor([3.0, 4.0, 0.0]))
    torch.testing.assert_close(gradient(x), x / x.norm())


def test_zero_matrix_has_zero_gradient() -> None:
    x = torch.zeros(4, 6)
    assert nuclear_norm(x) == 0
    assert not gradient(x).any()


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_scale_does_not_matter_to_the_gradient(scale: float) -> None:
    x = gaussian(8, 5).float()
    torch.testing.assert_close(gradient(x * scale), gradient(x), atol=1e-6, rtol=0.0)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_gives_nan_and_only_there(bad: float) -> None:
    x = gaussian(3, 4, 5)
    x[1, 2, 3] = bad
    assert nuclear_norm(x).isnan().tolist() == [False, True, False]
    assert gradient(x).isnan().flatten(1).any(1).tolist() == [False, True, False]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_low_precision_is_computed_above_it(dtype: torch.dtype) -> None:
    x = gaussian(6, 9).to(dtype)
    with torch.autocast("cpu", torch.bfloat16):
        inside = nuclear_norm(x)
    assert inside.dtype == torch.float32
    torch.testing.assert_close(inside, nuclear_norm(x.double()).float())
    assert gradient(x).dtype == dtype


def test_a_second_derivative_is_refused() -> None:
    x = gaussian(3, 4).requires_grad_()
    with pytest.raises(RuntimeError, match="only once"):
        torch.autograd.grad(nuclear_norm(x), x, create_graph=True)
