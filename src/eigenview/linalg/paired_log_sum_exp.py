"""Log-sum-exp of scores among paired rows: scores are symmetric, and each is computed once for both of its rows."""

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

    It equals the mean of `mean_log_sum_exp` with each half as anchors, for two thirds of the arithmetic. The forward
    pass computes the gradient (not under `no_grad`), so it can be differentiated only once. An input that is not finite
    gives NaN.

    Args:
        z: rows z[0, p] and z[1, p] are partners; of any floating dtype, also under autocast. The result is in float32
            or better.
        partner_weight: w of a partner; that of any other row is 1.
        across: sum only over rows y of the half that does not contain x.
        gaussian: use scores −½‖x − y‖² instead of x·y; rows are centered first, so that a common offset costs no
            precision.

    Raises:
        ValueError: partner_weight is negative or not finite.
    """
    shift = log_sum_exp.log_weight(partner_weight)
    with torch.autocast(z.device.type, enabled=False):
        z = z if z.dtype == torch.float64 else z.float()
        x = (z - z.detach().mean((0, 1)) if gaussian else z).flatten(0, 1)
        return _PairedMeanLogSumExp.apply(x, shift, across, gaussian, torch.is_grad_enabled())


class _PairedMeanLogSumExp(torch.autograd.Function):
    """Visits tiles of the scores' upper triangle twice: for row and column sums, then for the gradient."""

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
                if tile != tiles[-1]:  # the scores of the last one are still in the buffer
                    S = _scores(buffer, x, half, shift, *tile)
                # The softmax weight of the column in its row, plus that of the row in its column.
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
    """First row, end of rows and first column of tiles that cover every pair of rows once; columns run to the last."""
    start = 0
    while start < (P if across else 2 * P):
        first = P if across else start
        stop = min(P if across else 2 * P, start + log_sum_exp.height(2 * P - first))
        yield start, stop, first
        start = stop


def _parts(start: int, stop: int, first: int) -> tuple[slice, slice, slice, int]:
    """A tile's rows, its columns, its columns beyond those rows, and how many columns come before these."""
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
    """Adds the exponentials of scores, summed over an axis, to sums that are kept as logs."""
    if S.numel():
        top = S.amax(dim, keepdim=True).clamp_min_(torch.finfo(S.dtype).min)
        sums = torch.sub(S, top, out=spare[: S.numel()].view(S.shape)).exp_().sum(dim)
        torch.logaddexp(logs, sums.log_().add_(top.squeeze(dim)), out=logs)
