"""Rows on the unit sphere."""

import pytest
import torch

from eigenview.linalg import normalize


def test_rows_have_length_one_and_keep_their_direction() -> None:
    z = torch.randn(3, 5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(normalize(z), z / z.norm(dim=-1, keepdim=True))
    assert torch.autograd.gradcheck(normalize, z.requires_grad_())
    assert torch.autograd.gradgradcheck(normalize, z)


def test_rows_of_any_length() -> None:
    direction = torch.tensor([0.6, -0.8, 0.0])
    lengths = torch.tensor([1e-11, 1e-3, 1.0, 1e25, 3e38])
    torch.testing.assert_close(normalize(lengths[:, None] * direction), direction.expand(5, 3))
    torch.testing.assert_close(normalize(torch.full((1, 4), 3e38)), torch.full((1, 4), 0.5))


def test_a_row_of_length_one_has_no_gradient_along_itself() -> None:
    z = torch.eye(3).requires_grad_()
    normalize(z).diagonal().sum().backward()
    assert z.grad is not None
    assert not z.grad.any()


@pytest.mark.parametrize("length", [0.0, 1e-40, 1e-20])
def test_zero_rows_stay_and_their_gradient_is_what_arrives(length: float) -> None:
    z = torch.full((2, 3), length).requires_grad_()
    (normalize(z) * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert normalize(z).abs().max() <= 2 * length
    assert z.grad is not None
    assert 0 < z.grad.abs().max() <= 6


def test_what_is_not_finite_makes_its_row_nan() -> None:
    z = torch.tensor([[1.0, float("nan")], [float("inf"), 1.0], [3.0, 4.0]])
    assert normalize(z).isfinite().all(-1).tolist() == [False, False, True]
