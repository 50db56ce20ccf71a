"""Effective rank and spectrum of clouds of features."""

import pytest
import torch
from torch import Tensor

from eigenview.measures import effective_rank, spectrum

from .case import MeasureTestCase


def cloud(N: int = 60, D: int = 12) -> Tensor:
    """Features with a decaying spectrum."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(N, D, dtype=torch.float64, generator=generator) * torch.logspace(0, -2, D, dtype=torch.float64)


def rotation(side: int) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.linalg.qr(torch.randn(side, side, dtype=torch.float64, generator=generator)).Q


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x @ rotation(12),
        lambda x: rotation(60) @ x,
        lambda x: 1e4 * x,
        lambda x: x.flip(0),
        lambda x: x.flip(1),
        lambda x: x.T,
        lambda x: torch.nn.functional.pad(x, (0, 0, 0, 40)),
    ],
    ids=["rotated", "mixed", "scaled", "samples permuted", "dimensions permuted", "transposed", "zero rows"],
)
def test_what_does_not_change_the_effective_rank(change) -> None:
    assert effective_rank(change(cloud())) == pytest.approx(effective_rank(cloud()), rel=1e-9)


def test_centring_would_change_it() -> None:
    x = cloud() + 5
    assert effective_rank(x) < 0.5 * effective_rank(x - x.mean(0))


@pytest.mark.parametrize("shape", [(5, 30), (30, 5), (40, 40), (1, 9), (9, 1)], ids=str)
def test_between_one_and_the_smaller_side(shape: tuple[int, int]) -> None:
    x = torch.randn(*shape, generator=torch.Generator().manual_seed(0))
    assert 1 - 1e-5 <= effective_rank(x) <= min(shape) * (1 + 1e-5)


def test_isotropic_features_fill_all() -> None:
    assert effective_rank(torch.eye(16).repeat(3, 1)) == pytest.approx(16, rel=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_collapsed_features_fill_one(dtype: torch.dtype) -> None:
    row = torch.randn(1, 32, generator=torch.Generator().manual_seed(0))
    assert effective_rank(row.expand(50, 32).to(dtype)) == pytest.approx(1, abs=1e-3)


def test_nothing_fills_nothing() -> None:
    assert effective_rank(torch.zeros(4, 6)) == 0


def test_spectrum_of_known_singular_values() -> None:
    values = torch.tensor([5.0, 3.0, 1.0, 0.5], dtype=torch.float64)
    x = rotation(60)[:, :4] * values @ rotation(12)[:4]
    torch.testing.assert_close(spectrum(x)[:4], values)
    assert spectrum(x)[4:].max() < 1e-12


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("measure", [effective_rank, spectrum])
def test_what_is_not_finite_is_refused(measure, bad: float) -> None:
    x = cloud()
    x[3, 4] = bad
    with pytest.raises(ValueError, match="not finite"):
        measure(x)


class TestEffectiveRank(MeasureTestCase):
    measure = staticmethod(effective_rank)
    unchanged_by = frozenset({"samples permuted", "dimensions permuted", "rotated", "scaled"})
    least, most = 1.0, 8.0
