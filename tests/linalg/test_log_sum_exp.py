"""Streamed logs of sums of exponentials, against the plain ones in float64."""

from collections.abc import Callable
from math import inf, log, nan
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from eigenview.linalg import (
    log_mean_gaussian_kernel,
    log_sum_exp,
    mean_log_gaussian_sum,
    mean_log_sum_exp,
    paired_mean_log_sum_exp,
)
from tests.memory import Memory

N, M, D = 7, 11, 4


def gaussian(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(params=[1, 3, 100], ids="{} rows at a time".format)
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams in blocks of several sizes; a last one of three rows is a part of one."""
    monkeypatch.setattr(log_sum_exp, "height", lambda columns: request.param)


MASKS: dict[str, dict[str, Any]] = {
    "all": {},
    "own": {"own": torch.arange(N)},
    "own, several": {"own": torch.stack([torch.arange(N), (torch.arange(N) + 5) % M], dim=1)},
    "weighted partner": {"partner": (torch.arange(N) + 2) % M, "partner_weight": 0.3},
    "no partner": {"own": torch.arange(N), "partner": (torch.arange(N) + 2) % M, "partner_weight": 0.0},
}


def log_weights(
    rows: int = N,
    columns: int = M,
    own: Tensor | None = None,
    partner: Tensor | None = None,
    partner_weight: float = 1.0,
) -> Tensor:
    weights = torch.ones(rows, columns, dtype=torch.float64)
    if partner is not None:
        weights[torch.arange(rows), partner] = partner_weight
    if own is not None:
        weights.scatter_(1, own.reshape(rows, -1), 0.0)
    return weights.log()


def plain(x: Tensor, y: Tensor, bias: Tensor | None, **mask: Any) -> Tensor:
    scores = x @ y.mT + log_weights(len(x), len(y), **mask)
    return (scores if bias is None else scores + bias).logsumexp(1).mean()


def plain_kernel(x: Tensor, t: float) -> Tensor:
    others = ~torch.eye(len(x), dtype=torch.bool)
    return (-t * (x[:, None] - x).square().sum(2))[others].exp().mean().log()


def value_and_gradients(f: Callable[..., Tensor], *inputs: Tensor | None, **mask: Any) -> list[Tensor]:
    leaves = [None if x is None else x.clone().requires_grad_() for x in inputs]
    value = f(*leaves, **mask)
    return [value.detach(), *torch.autograd.grad(2.5 * value, [x for x in leaves if x is not None])]


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("with_bias", [False, True], ids=["no bias", "bias"])
@pytest.mark.parametrize("mask", MASKS)
def test_value_and_gradients(mask: str, with_bias: bool) -> None:
    x, y, bias = 3 * gaussian(N, D), gaussian(M, D, seed=1), gaussian(M, seed=2) if with_bias else None
    found = value_and_gradients(mean_log_sum_exp, x, y, bias, **MASKS[mask])
    expected = value_and_gradients(plain, x, y, bias, **MASKS[mask])
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("mask", MASKS)
def test_gradcheck(mask: str) -> None:
    x, y, bias = (gaussian(*shape).requires_grad_() for shape in [(N, D), (M, D), (M,)])
    assert torch.autograd.gradcheck(lambda x, y, b: mean_log_sum_exp(x, y, b, **MASKS[mask]), (x, y, bias))


@pytest.mark.usefixtures("blocks")
def test_the_same_rows_may_be_anchors_and_candidates() -> None:
    x = gaussian(N, D)
    mask = MASKS["own"]
    found = value_and_gradients(lambda x: mean_log_sum_exp(x, x, **mask), x)
    torch.testing.assert_close(found, value_and_gradients(lambda x: plain(x, x, None, **mask), x))


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_sums_of_gaussians(mask: str, offset: float) -> None:
    def by_differences(x: Tensor, y: Tensor) -> Tensor:
        half = (x[:, None] - y).square().sum(2) / 2
        return (log_weights(**MASKS[mask]) - half).logsumexp(1).mean()

    x, y = gaussian(N, D), gaussian(M, D, seed=1)
    found = value_and_gradients(mean_log_gaussian_sum, x + offset, y + offset, **MASKS[mask])
    torch.testing.assert_close(found, value_and_gradients(by_differences, x, y), rtol=1e-8, atol=1e-9)
    if offset == 0:
        leaves = (x.requires_grad_(), y.requires_grad_())
        assert torch.autograd.gradcheck(lambda x, y: mean_log_gaussian_sum(x, y, **MASKS[mask]), leaves)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("t", [0.3, 2.0])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_mean_gaussian_kernel(t: float, offset: float) -> None:
    x = gaussian(M, D)
    found = value_and_gradients(lambda x: log_mean_gaussian_kernel(x, t), x + offset)
    torch.testing.assert_close(found, value_and_gradients(lambda x: plain_kernel(x, t), x), rtol=1e-8, atol=1e-9)
    if offset == 0:
        assert torch.autograd.gradcheck(lambda x: log_mean_gaussian_kernel(x, t), x.requires_grad_())


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("partner_weight", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("across", [False, True], ids=["among all", "across"])
@pytest.mark.parametrize("gaussian_scores", [False, True], ids=["products", "distances"])
def test_pairs(partner_weight: float, across: bool, gaussian_scores: bool) -> None:
    def one_way(anchors: Tensor, others: Tensor) -> Tensor:
        f, place = mean_log_gaussian_sum if gaussian_scores else mean_log_sum_exp, torch.arange(len(anchors))
        candidates, own = (others, None) if across else (torch.cat([others, anchors]), len(others) + place)
        return f(anchors, candidates, own=own, partner=place, partner_weight=partner_weight)

    def of_pairs(z: Tensor) -> Tensor:
        return paired_mean_log_sum_exp(z, partner_weight, across, gaussian_scores)

    z = gaussian(2, 9, D)
    expected = value_and_gradients(lambda z: (one_way(z[0], z[1]) + one_way(z[1], z[0])) / 2, z)
    torch.testing.assert_close(value_and_gradients(of_pairs, z), expected, rtol=1e-12, atol=1e-13)
    with torch.no_grad():
        torch.testing.assert_close(of_pairs(z), expected[0])
    assert torch.autograd.gradcheck(of_pairs, z.requires_grad_())


def test_a_common_offset_costs_pairs_no_digits() -> None:
    z = gaussian(2, 9, D)
    found, expected = (paired_mean_log_sum_exp(x, gaussian=True) for x in (z + 1e6, z))
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=0.0)


def test_mean_gaussian_kernel_of_points_far_apart_does_not_underflow() -> None:
    x = torch.tensor([[0.0], [100.0], [300.0]], requires_grad=True)
    value = log_mean_gaussian_kernel(x)
    value.backward()
    assert value.item() == pytest.approx(-2e4 - log(3), rel=1e-6)
    assert x.grad is not None
    # An exponent of 2·10⁴ has three digits after the point in float32, and so has what is taken to its power.
    torch.testing.assert_close(x.grad, torch.tensor([[400.0], [-400.0], [0.0]]), rtol=5e-3, atol=1e-3)


def test_equal_points_have_a_kernel_of_one() -> None:
    value, gradient = value_and_gradients(log_mean_gaussian_kernel, torch.full((5, 3), 0.7))
    assert value.abs() < 1e-6
    assert gradient.abs().max() < 1e-6


def test_large_scores_neither_overflow_nor_lose_the_sum() -> None:
    x, y = torch.tensor([[1e4], [-1e4]]), torch.tensor([[1.0], [1.0], [-1.0]])
    assert mean_log_sum_exp(x, y).item() == pytest.approx(1e4 + log(2) / 2, rel=1e-7)


def test_only_what_is_wanted_has_a_gradient() -> None:
    x, y, bias = gaussian(N, D), gaussian(M, D, seed=1), gaussian(M, seed=2)
    everything = value_and_gradients(mean_log_sum_exp, x, y, bias)[1:]
    for i in range(3):
        leaves = [x.clone(), y.clone(), bias.clone()]
        leaves[i].requires_grad_()
        (alone,) = torch.autograd.grad(2.5 * mean_log_sum_exp(leaves[0], leaves[1], leaves[2]), leaves[i])
        torch.testing.assert_close(alone, everything[i])


FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "mean_log_sum_exp": lambda x: mean_log_sum_exp(x, x, own=torch.arange(len(x))),
    "mean_log_gaussian_sum": lambda x: mean_log_gaussian_sum(x, x, own=torch.arange(len(x))),
    "log_mean_gaussian_kernel": log_mean_gaussian_kernel,
    "paired_mean_log_sum_exp": lambda x: paired_mean_log_sum_exp(x.unflatten(0, (2, -1))),
    "paired, Gaussian": lambda x: paired_mean_log_sum_exp(x.unflatten(0, (2, -1)), 0.5, across=True, gaussian=True),
}
every_function = pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)


def test_memory_is_counted() -> None:
    x = torch.zeros(1000)
    with Memory() as memory:
        y = x + 1
        y.add_(x)
        del y
        y = (x + 1)[:10] + x[:10]
    assert len(y) == 10
    assert memory.peak == 4 * 1010
    assert memory.live == 4 * 10


@every_function
def test_memory(f: Callable[[Tensor], Tensor], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_sum_exp, "height", lambda columns: 32)
    rows, columns = 2048, 16
    x = torch.randn(rows, columns, requires_grad=True)
    with Memory() as memory:
        f(x).backward()
    assert memory.peak <= 4 * (2 * 2**16 + 9 * rows * columns)  # the matrix of scores is 4 · 2**22


@every_function
def test_nothing_is_gathered_where_nobody_asks(f: Callable[[Tensor], Tensor]) -> None:
    x = torch.randn(64, 32, requires_grad=True)
    saved: list[Tensor] = []
    with torch.no_grad(), Memory() as memory:
        value = f(x)
    assert not value.requires_grad
    assert not f(x.detach()).requires_grad
    with saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t), Memory() as asked:
        f(x).backward()
    assert saved
    assert memory.peak < asked.peak


@every_function
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_low_precision_is_computed_above_it(f: Callable[[Tensor], Tensor], dtype: torch.dtype) -> None:
    x = gaussian(8, 5).to(dtype)
    with torch.autocast("cpu", torch.bfloat16):
        value, gradient = value_and_gradients(f, x)
    assert value.dtype == torch.float32
    assert gradient.dtype == dtype
    torch.testing.assert_close(value, f(x.double()).float())


@every_function
@pytest.mark.parametrize("bad", [nan, inf, -inf])
def test_what_is_not_finite_gives_nan(f: Callable[[Tensor], Tensor], bad: float) -> None:
    x = gaussian(6, 3).abs()
    x[2, 1] = bad
    value, gradient = value_and_gradients(f, x)
    assert value.isnan()
    assert gradient.isnan().any()
    assert mean_log_sum_exp(gaussian(4, 3), x).isnan()
    assert mean_log_sum_exp(gaussian(4, 3), gaussian(6, 3), bias=x[:, 1]).isnan()


@every_function
def test_overflow_is_not_finite(f: Callable[[Tensor], Tensor]) -> None:
    assert not f(1e30 * gaussian(6, 3).float()).isfinite()


@every_function
def test_a_second_derivative_is_refused(f: Callable[[Tensor], Tensor]) -> None:
    x = gaussian(4, 3).requires_grad_()
    with pytest.raises(RuntimeError, match="only once"):
        torch.autograd.grad(f(x), x, create_graph=True)


@every_function
def test_backward_may_be_repeated(f: Callable[[Tensor], Tensor]) -> None:
    x = gaussian(4, 3).requires_grad_()
    value = f(x)
    (first,) = torch.autograd.grad(value, x, retain_graph=True)
    (second,) = torch.autograd.grad(3 * value, x)
    torch.testing.assert_close(second, 3 * first)


def test_a_row_without_candidates_has_the_log_of_nothing() -> None:
    x = gaussian(2, 3)
    assert mean_log_sum_exp(x, x, own=torch.tensor([[0, 1], [0, 0]])) == -inf
    assert paired_mean_log_sum_exp(x[:, None], partner_weight=0.0) == -inf
    assert mean_log_sum_exp(x[:1], x[:1], own=torch.tensor([0])) == -inf


@pytest.mark.parametrize("bad", [-1.0, inf, nan])
def test_a_weight_is_finite_and_not_negative(bad: float) -> None:
    with pytest.raises(ValueError, match=f"^partner_weight must be finite and at least 0, not {bad}$"):
        mean_log_sum_exp(gaussian(2, 3), gaussian(2, 3), partner=torch.arange(2), partner_weight=bad)
    with pytest.raises(ValueError, match=f"^partner_weight must be finite and at least 0, not {bad}$"):
        paired_mean_log_sum_exp(gaussian(2, 2, 3), bad)


def test_a_kernel_needs_pairs_and_a_width() -> None:
    with pytest.raises(ValueError, match=r"^pairwise distances need at least two rows, not 1$"):
        log_mean_gaussian_kernel(gaussian(1, 3))
    with pytest.raises(ValueError, match=r"^t must be positive and finite, not 0\.0$"):
        log_mean_gaussian_kernel(gaussian(2, 3), t=0.0)
