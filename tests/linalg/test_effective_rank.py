"""Effective rank of spectra whose entropy is known."""

import math

import pytest
import torch

from eigenview.linalg import effective_rank


@pytest.mark.parametrize("M", [1, 2, 16, 128])
def test_equal_values_fill_every_direction(M: int) -> None:
    assert effective_rank(torch.full((M,), 3.7, dtype=torch.float64)).item() == pytest.approx(M, rel=1e-4)


def test_one_direction() -> None:
    values = torch.tensor([5.0] + [0.0] * 63)
    assert effective_rank(values).item() == pytest.approx(1, abs=2e-4)


def test_equal_values_among_zeros_count_themselves() -> None:
    values = torch.tensor([0.0, 2.0, 0.0, 2.0, 2.0], dtype=torch.float64)
    assert effective_rank(values).item() == pytest.approx(3, rel=1e-4)


def test_no_direction() -> None:
    assert effective_rank(torch.zeros(8)) == 0


@pytest.mark.parametrize("ratio", [0.1, 0.5, 0.9])
def test_geometric_spectrum(ratio: float) -> None:
    # Shares (1 − r)rⁱ have the entropy −log(1 − r) − r/(1 − r)·log r.
    values = ratio ** torch.arange(400, dtype=torch.float64)
    entropy = -math.log(1 - ratio) - ratio / (1 - ratio) * math.log(ratio)
    assert effective_rank(values).item() == pytest.approx(math.exp(entropy), rel=1e-3)


def test_scale_and_order_do_not_matter() -> None:
    values = torch.rand(20, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(effective_rank(1e6 * values.flip(0)), effective_rank(values))


def test_the_original_has_its_addend() -> None:
    shares = torch.tensor([0.75, 0.25, 0.0], dtype=torch.float64)
    expected = math.exp(-sum(p * math.log(p) for p in (0.75 + 1e-7, 0.25 + 1e-7, 1e-7)))
    assert effective_rank(shares).item() == pytest.approx(expected, rel=1e-13)


def test_nan_stays_nan() -> None:
    assert effective_rank(torch.tensor([1.0, float("nan")])).isnan()
