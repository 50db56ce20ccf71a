"""How many directions clouds of features fill."""

import sys
from functools import partial
from inspect import unwrap

import numpy as np
import pytest
import torch
from torch import Tensor

from eigenview import linalg
from eigenview.measures import (
    SpectralCache,
    alpha_req,
    coherence,
    condition_number,
    effective_rank,
    nesum,
    numerical_rank,
    participation_ratio,
    spectrum,
    spectrum_shares,
    spread,
    stable_rank,
)
from eigenview.testing import MeasureTestCase
from eigenview.testing.draws import gaussian
from tests.memory import Memory


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
    minimum, maximum = 1.0, 8.0


ROTATED = frozenset({"samples permuted", "dimensions permuted", "rotated", "scaled"})


class TestStableRank(MeasureTestCase):
    measure = staticmethod(stable_rank)
    unchanged_by = ROTATED
    minimum, maximum = 1.0, 8.0


class TestParticipationRatio(MeasureTestCase):
    measure = staticmethod(participation_ratio)
    unchanged_by = ROTATED | {"shifted"}
    minimum, maximum = 1.0, 8.0


class TestNESum(MeasureTestCase):
    measure = staticmethod(nesum)
    unchanged_by = ROTATED | {"shifted"}
    minimum, maximum = 1.0, 8.0


class TestCondition(MeasureTestCase):
    measure = staticmethod(condition_number)
    unchanged_by = ROTATED
    minimum, maximum = 1.0, 1e7


class TestRankAt(MeasureTestCase):
    measure = staticmethod(partial(numerical_rank, tolerance=0.25))
    unchanged_by = ROTATED
    minimum, maximum = 1, 8


PANEL = (
    effective_rank,
    stable_rank,
    participation_ratio,
    nesum,
    condition_number,
    numerical_rank,
    alpha_req,
    coherence,
)


def with_values(values: list[float], N: int = 50, D: int = 9, centred: bool = True) -> Tensor:
    """A cloud of these singular values, whose rows have a mean of zero, or not."""
    left = gaussian(N, len(values))
    U = torch.linalg.qr(left - left.mean(0) if centred else left).Q
    return U * torch.tensor(values, dtype=torch.float64) @ rotation(D)[: len(values)]


def test_a_spectrum_by_hand() -> None:
    x = with_values([4.0, 2.0, 2.0, 1.0])
    assert stable_rank(x) == pytest.approx(25 / 16)
    assert nesum(x + 3) == pytest.approx(25 / 16)
    assert participation_ratio(x + 3) == pytest.approx(25**2 / (16**2 + 2 * 4**2 + 1))
    assert [numerical_rank(x, tolerance) for tolerance in (1e-6, 0.25 - 1e-9, 0.26, 0.5 - 1e-9, 0.51, 1.0)] == [
        4,
        4,
        3,
        3,
        1,
        1,
    ]
    assert condition_number(x[:, :4] @ rotation(4)) < 1e7
    assert condition_number(with_values([4.0, 2.0, 0.5], D=3)) == pytest.approx(8)


def test_variances_are_those_of_the_sample_covariance() -> None:
    x = cloud() + 5
    np.testing.assert_allclose(SpectralCache(x).variances, np.linalg.eigvalsh(np.cov(x.numpy().T))[::-1], rtol=1e-9)


@pytest.mark.parametrize("shape", [(900, 300), (600, 600), (300, 900)], ids=str)
def test_limit_laws_of_isotropic_features(shape: tuple[int, int]) -> None:
    N, D = shape
    cloud, gamma = SpectralCache(gaussian(N, D)), D / N
    edge = (1 + gamma**0.5) ** 2
    assert participation_ratio(cloud) == pytest.approx(D / (1 + gamma), rel=0.01)
    assert stable_rank(cloud) == pytest.approx(D / edge, rel=0.03)
    assert nesum(cloud) == pytest.approx(D / edge, rel=0.03)
    if N != D:
        assert condition_number(cloud) == pytest.approx((1 + gamma**0.5) / abs(1 - gamma**0.5), rel=0.03)


@pytest.mark.parametrize("measure", [stable_rank, participation_ratio, nesum])
def test_all_directions_alike_fill_all(measure) -> None:
    x = torch.eye(16)
    assert measure(torch.cat([x, -x])) == pytest.approx(16)


@pytest.mark.parametrize("measure", [stable_rank, participation_ratio, nesum, coherence])
def test_a_line_is_one_direction(measure) -> None:
    x = torch.tensor([1.0, -1.0]).repeat(20)[:, None] * torch.arange(1.0, 7.0)
    assert measure(x) == pytest.approx(1)


def test_the_simplex_is_isotropic_but_for_its_mean() -> None:
    assert participation_ratio(torch.eye(12)) == pytest.approx(11)
    assert nesum(torch.eye(12)) == pytest.approx(11)


@pytest.mark.parametrize(
    "row", [torch.zeros(6), torch.full((6,), 0.1), torch.linspace(-1e4, 3, 6)], ids=["0", "1", "far"]
)
@pytest.mark.parametrize("measure", [participation_ratio, nesum])
def test_equal_rows_vary_along_nothing(measure, row: Tensor) -> None:
    assert measure(row.expand(31, 6)) == 0


def test_zeros_fill_nothing() -> None:
    zeros = torch.zeros(5, 3)
    assert [stable_rank(zeros), numerical_rank(zeros), coherence(zeros), condition_number(zeros)] == [0, 0, 0, 1e7]


@pytest.mark.parametrize("shape", [(50, 9), (2000, 600)], ids=str)
def test_a_dependent_dimension_is_singular_direct_or_streamed(shape: tuple[int, int]) -> None:
    x = torch.randn(*shape, generator=torch.Generator().manual_seed(0))
    x[:, 1] = x[:, 0]
    assert condition_number(x) == pytest.approx(1e7, rel=1e-9)


def test_a_cloud_is_of_rows() -> None:
    # As a user calls it, without the check of shapes that tests have.
    with pytest.raises(ValueError, match=r"must be \[N, D\], not \[2, 5, 3\]"):
        unwrap(SpectralCache.__init__)(object.__new__(SpectralCache), torch.ones(2, 5, 3))


@pytest.mark.parametrize("measure", [*PANEL, spectrum])
def test_no_rows_are_refused(measure) -> None:
    with pytest.raises(ValueError, match="empty"):
        measure(torch.empty(0, 4))


@pytest.mark.parametrize("measure", [participation_ratio, nesum, alpha_req])
def test_one_row_has_no_variance(measure) -> None:
    with pytest.raises(ValueError, match="at least two rows, not 1"):
        measure(torch.ones(1, 4))


@pytest.mark.parametrize("tolerance", [0.0, -1.0, 1.5, float("nan")])
def test_a_tolerance_is_a_share(tolerance: float) -> None:
    with pytest.raises(ValueError, match="tolerance must be in"):
        numerical_rank(cloud(), tolerance)


@pytest.mark.parametrize("measure", PANEL)
@pytest.mark.parametrize("shape", [(60, 12), (12, 60)], ids=str)
def test_streamed_and_shared_it_is_the_same(measure, shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    x = cloud(*shape) + 0.1
    direct = measure(x)
    assert measure(SpectralCache(x)) == direct
    monkeypatch.setattr(sys.modules["eigenview.linalg.singular_values"], "_DIRECT", 0)
    assert measure(SpectralCache(x)) == pytest.approx(direct, rel=1e-8)


def test_a_panel_takes_one_pass_and_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    passes = []

    def counted(*arguments):
        passes.append(arguments)
        return moments(*arguments)

    moments = linalg.moments
    monkeypatch.setattr(linalg, "moments", counted)
    monkeypatch.setattr(sys.modules["eigenview.linalg.singular_values"], "_DIRECT", 2**16)
    monkeypatch.setattr(linalg.chunking, "_BYTES", 2**17)
    x = torch.randn(6_000, 60, generator=torch.Generator().manual_seed(0)).half()
    with Memory() as memory:
        shared = SpectralCache(x)
        for measure in PANEL:
            measure(shared)
    assert len(passes) == 1
    assert memory.peak < 2**19 + 16 * (8 * 60**2) < 8 * x.numel() / 2


class TestAlphaReQ(MeasureTestCase):
    measure = staticmethod(partial(alpha_req, first=1))
    unchanged_by = ROTATED | {"shifted"}


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize(("first", "last"), [(1, 40), (3, 100), (10, 30)], ids=str)
def test_a_power_law_has_its_exponent(alpha: float, first: int, last: int) -> None:
    x = with_values([i ** (-alpha / 2) for i in range(1, 41)], N=60, D=45)
    # What follows the law's forty eigenvalues is rounding, which must not count.
    assert alpha_req(x, first, last) == pytest.approx(alpha, abs=1e-6)


def test_octaves_count_alike_in_the_slope() -> None:
    x = cloud()
    i, variances = np.arange(3, 12), np.linalg.eigvalsh(np.cov(x.numpy().T))[::-1][2:11]
    A = np.stack([np.ones(9), np.log(i)], 1)
    # The weighted normal equations.
    expected = -np.linalg.solve(A.T / i @ A, A.T / i @ np.log(variances))[1]
    assert alpha_req(x, last=11) == pytest.approx(expected)


def test_a_collapsed_spectrum_has_no_slope() -> None:
    with pytest.raises(ValueError, match="eigenvalues 3 to 5, but only 4 are above zero"):
        alpha_req(with_values([4.0, 3.0, 2.0, 1.0]))
    with pytest.raises(ValueError, match="only 0 are above zero"):
        alpha_req(torch.ones(20, 20))


@pytest.mark.parametrize(("first", "last"), [(0, 5), (5, 5), (7, 3)])
def test_a_range_of_indices_is_from_one_upwards(first: int, last: int) -> None:
    with pytest.raises(ValueError, match="indices from 1"):
        alpha_req(cloud(), first, last)


def test_spread_is_the_distance_from_the_mean():
    assert spread(torch.tensor([[3.0, 4.0], [-3.0, -4.0]]) + 7) == pytest.approx(5)
    assert spread(torch.ones(3, 2)) == 0


def test_shares_are_of_the_largest_singular_value():
    assert spectrum_shares(torch.tensor([3.0, 1.0, 0.0])) == [1.0, 0.3333, 0.0]
    assert spectrum_shares(torch.zeros(2)) == [0.0, 0.0]
