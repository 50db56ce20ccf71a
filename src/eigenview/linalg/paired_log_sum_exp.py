"""Logs of sums of exponentials among paired rows: scores are symmetric, and each is worked out for both of its rows."""

from collections.abc import Iterator
from math import inf
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.linalg import log_sum_exp
from eigenview.linalg.double_backward import refuse_second_derivative


def paired_mean_log_sum_exp(
    z: Float[Tensor, "2 P D"], partner_weight: float = 1.0, across: bool = False, gaussian: bool = False
) -> Float[Tensor, ""]:
    """Mean over all 2P rows x of log Σ_y w_xy exp(x·y), over the other rows y, in memory of the order of z.

    It is the mean of `mean_log_sum_exp` over the two halves as anchors, for two thirds of the arithmetic. The forward
    pass gathers the gradient, unless under `no_grad`; it can be taken once only. What is not finite gives NaN.

    Args:
        z: rows z[0, p] and z[1, p] are partners; of any floating dtype, also under autocast. The result is in float32
            or better.
        partner_weight: a partner's w; that of any other row is 1.
        across: only the rows y of the other half than x's count.
        gaussian: scores are −½‖x − y‖² in place of x·y; rows are centred first, so that an offset common to all costs
            no digits.

    Raises:
        ValueError: a weight that is negative or not finite.
    """
    shift = log_sum_exp.log_weight(partner_weight)
    with torch.autocast(z.device.type, enabled=False):
        z = z if z.dtype == torch.float64 else z.float()
        x = (z - z.detach().mean((0, 1)) if gaussian else z).flatten(0, 1)
        return _PairedMeanLogSumExp.apply(x, shift, across, gaussian, torch.is_grad_enabled())


class _PairedMeanLogSumExp(torch.autograd.Function):
    """By tiles of the scores' upper triangle, met twice: for the sums of rows and columns, then for the gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, shift: float, across: bool, gaussian: bool, gather: bool) -> Tensor:
        one, half = log_sum_exp.one_if_finite(x), log_sum_exp.half_squares(x) if gaussian else None
        logs = torch.full_like(x[:, 0], -inf)
        tiles = list(_tiles(len(x) // 2, across))
        size = max((stop - start) * (len(x) - first) for start, stop, first in tiles)
        buffer, spare = x.new_empty(size), x.new_empty(size)
        S = buffer
        for tile in tiles:
            rows, _, beyond, skipped = _parts(*tile)
            S = _scores(buffer, x, half, shift, *tile)
            _add(logs[rows], S, spare, 1)
            _add(logs[beyond], S[:, skipped:], spare, 0)
        if gather and ctx.needs_input_grad[0]:
            gathered, totals = torch.zeros_like(x), torch.zeros_like(logs)
            for tile in reversed(tiles):
                rows, columns, beyond, skipped = _parts(*tile)
                if tile != tiles[-1]:  # whose scores are still there
                    S = _scores(buffer, x, half, shift, *tile)
                # The share that a column has of its row's sum, and the row of its column's.
                W = torch.sub(S, logs[rows, None], out=spare[: S.numel()].view(S.shape)).exp_()
                W += S.sub_(logs[columns]).exp_()
                gathered[rows].addmm_(W, x[columns])
                gathered[beyond].addmm_(W[:, skipped:].mT, x[rows])
                if gaussian:
                    totals[rows] += W.sum(1)
                    totals[beyond] += W[:, skipped:].sum(0)
            if gaussian:
                gathered.addcmul_(totals[:, None], x, value=-1)
            ctx.save_for_backward(gathered.mul_(one / len(x)))
        return logs.mean() * one

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        refuse_second_derivative("a streamed log-sum-exp")
        (gathered,) = ctx.saved_tensors
        return gradients[0] * gathered, None, None, None, None


def _tiles(P: int, across: bool) -> Iterator[tuple[int, int, int]]:
    """First row, end of rows, first column of tiles that hold every pair of rows once; columns go on to the last."""
    start = 0
    while start < (P if across else 2 * P):
        first = P if across else start
        stop = min(P if across else 2 * P, start + log_sum_exp.height(2 * P - first))
        yield start, stop, first
        start = stop


def _parts(start: int, stop: int, first: int) -> tuple[slice, slice, slice, int]:
    """A tile's rows, its columns, those of them that are none of its rows, and how many come before those."""
    skipped = stop - start if first == start else 0
    return slice(start, stop), slice(first, None), slice(first + skipped, None), skipped


def _scores(
    buffer: Tensor, x: Tensor, half: Tensor | None, shift: float, start: int, stop: int, first: int
) -> Float[Tensor, "rows columns"]:
    P = len(x) // 2
    S = buffer[: (stop - start) * (len(x) - first)].view(stop - start, len(x) - first)
    torch.mm(x[start:stop], x[first:].mT, out=S)
    if half is not None:
        S.sub_(half[start:stop, None]).sub_(half[first:])
    if first == start:
        S.diagonal().fill_(-inf)
        S.diagonal(P).add_(shift)
        S.diagonal(-P).add_(shift)
    else:
        S.diagonal(start).add_(shift)
    return S


def _add(logs: Tensor, S: Tensor, spare: Tensor, dim: int) -> None:
    """Adds the exponentials of scores, summed over an axis, to sums of which only the logs are kept."""
    if S.numel():
        top = S.amax(dim, keepdim=True).clamp_min_(torch.finfo(S.dtype).min)
        sums = torch.sub(S, top, out=spare[: S.numel()].view(S.shape)).exp_().sum(dim)
        torch.logaddexp(logs, sums.log_().add_(top.squeeze(dim)), out=logs)
