"""Log-sum-exp of scores between all pairs of rows, streamed, with gradients accumulated in the forward pass."""

from collections.abc import Iterator
from math import inf, log, nan, sqrt
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from eigenview.linalg.double_backward import refuse_second_derivative


def mean_log_sum_exp(
    x: Float[Tensor, "N D"],
    y: Float[Tensor, "M D"],
    bias: Float[Tensor, "M"] | None = None,
    own: Int[Tensor, "N"] | Int[Tensor, "N E"] | None = None,
    partner: Int[Tensor, "N"] | None = None,
    partner_weight: float = 1.0,
) -> Float[Tensor, ""]:
    """Mean over rows i of log Σ_j w_ij exp(x_i·y_j + bias_j), in memory of the order of x and y.

    The forward pass computes the gradients that autograd needs (none under `no_grad`), so it can be differentiated only
    once. An input that is not finite gives NaN; a row without a candidate gives −∞ and gradients that are not finite.

    Args:
        x: anchors, of any floating dtype, also under autocast; the result is in float32 or better.
        y: candidates.
        bias: added to each candidate's scores.
        own: columns that each row leaves out (w = 0), such as the anchor itself.
        partner: for each row, the column with weight `partner_weight`; every other weight is 1.
        partner_weight: nonnegative; 0 leaves the partner out.

    Raises:
        ValueError: partner_weight is negative or not finite.
    """
    shift = log_weight(partner_weight)
    with torch.autocast(x.device.type, enabled=False):
        x, y, bias = _float32_or_better(x, y, bias)
        return _MeanLogSumExp.apply(x, y, bias, own, partner, shift, torch.is_grad_enabled())


def mean_log_gaussian_sum(
    x: Float[Tensor, "N D"],
    y: Float[Tensor, "M D"],
    own: Int[Tensor, "N"] | Int[Tensor, "N E"] | None = None,
    partner: Int[Tensor, "N"] | None = None,
    partner_weight: float = 1.0,
) -> Float[Tensor, ""]:
    """Mean over rows i of log Σ_j w_ij exp(−½‖x_i − y_j‖²): `mean_log_sum_exp` of squared distances.

    Rows are centered first, so that a common offset costs no precision.

    Args:
        x: anchors.
        y: candidates.
        own: as in `mean_log_sum_exp`.
        partner: as in `mean_log_sum_exp`.
        partner_weight: as in `mean_log_sum_exp`.
    """
    with torch.autocast(x.device.type, enabled=False):
        x, y, _ = _float32_or_better(x, y, None)
        center = y.detach().mean(0)
        x, y = x - center, y - center
        return mean_log_sum_exp(x, y, -half_squares(y), own, partner, partner_weight) - half_squares(x).mean()


def log_mean_gaussian_kernel(x: Float[Tensor, "N D"], t: float = 2.0) -> Float[Tensor, ""]:
    """Log of the mean over pairs i ≠ j of exp(−t‖x_i − x_j‖²), streamed: the uniformity of rows on the sphere.

    The forward pass computes the gradient (not under `no_grad`), so it can be differentiated only once. An input that
    is not finite gives NaN.

    Args:
        x: rows of any floating dtype, also under autocast; the result is in float32 or better.
        t: positive.

    Raises:
        ValueError: x has fewer than two rows, or t is not positive and finite.

    Source: Wang & Isola 2020, Sec. 4.1 (uniformity, at t = 2).
    """
    if len(x) < 2:
        raise ValueError(f"pairwise distances need at least two rows, not {len(x)}")
    if not 0 < t < inf:
        raise ValueError(f"t must be positive and finite, not {t}")
    with torch.autocast(x.device.type, enabled=False):
        return _LogMeanGaussianKernel.apply(*_float32_or_better(x), t, torch.is_grad_enabled())


class _MeanLogSumExp(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        y: Tensor,
        bias: Tensor | None,
        own: Tensor | None,
        partner: Tensor | None,
        shift: float,
        gather: bool,
    ) -> Tensor:
        wanted = [gather and needed for needed in ctx.needs_input_grad[:3]]
        for_x = torch.empty_like(x) if wanted[0] else None
        for_y = torch.zeros_like(y) if wanted[1] else None
        for_bias = torch.zeros_like(bias) if bias is not None and wanted[2] else None
        one = one_if_finite(x, y, bias)
        logs = x.new_empty(len(x))
        for rows, exps, sums, top in _blocks(x, y, bias, own, partner, shift):
            logs[rows] = sums.log().add_(top)[:, 0]
            share = one / (len(x) * sums)
            # A row's softmax weights are exps · share; the narrow factor of each product takes the share.
            if for_x is not None:
                torch.mm(exps, y, out=for_x[rows]).mul_(share)
            if for_y is not None:
                for_y.addmm_(exps.mT, x[rows] * share)
            if for_bias is not None:
                for_bias.addmv_(exps.mT, share[:, 0])
        ctx.save_for_backward(for_x, for_y, for_bias)
        return logs.mean() * one

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        refuse_second_derivative("a streamed log-sum-exp")
        scaled = [None if gathered is None else gradients[0] * gathered for gathered in ctx.saved_tensors]
        return *scaled, None, None, None, None


class _LogMeanGaussianKernel(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, t: float, gather: bool) -> Tensor:
        N, one = len(x), one_if_finite(x)
        x = (x - x.mean(0)) * sqrt(2 * t)
        for_x = torch.empty_like(x) if gather and ctx.needs_input_grad[0] else None
        half = half_squares(x)
        logs = x.new_empty(N)
        for rows, exps, sums, top in _blocks(x, x, -half, torch.arange(N, device=x.device)):
            logs[rows] = sums.log().add_(top)[:, 0]
            if for_x is not None:
                torch.mm(exps, x, out=for_x[rows]).div_(sums)
        logs -= half
        result = logs.logsumexp(0)
        if for_x is not None:
            # Each pair counts twice, so the gradient is twice that of the row's own sum: the row's share of all pairs
            # times its difference from the softmax-weighted mean of the others.
            share = (logs - result).exp() * one
            for_x.sub_(x).mul_(2 * sqrt(2 * t) * share[:, None])
        ctx.save_for_backward(for_x)
        return (result - log(N) - log(N - 1)) * one

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        refuse_second_derivative("a streamed log-sum-exp")
        (gathered,) = ctx.saved_tensors
        return None if gathered is None else gradients[0] * gathered, None, None


def _blocks(
    x: Tensor, y: Tensor, bias: Tensor | None, own: Tensor | None, partner: Tensor | None = None, shift: float = 0.0
) -> Iterator[tuple[slice, Tensor, Tensor, Tensor]]:
    """Yields blocks of rows: the slice, exp(scores − row maximum), row sums of these, and row maxima.

    The exponentials share one buffer, which the next block overwrites.
    """
    buffer = x.new_empty(min(len(x), height(len(y))), len(y))
    for start in range(0, len(x), max(1, len(buffer))):
        rows = slice(start, min(start + len(buffer), len(x)))
        scores = buffer[: rows.stop - start]
        if bias is None:
            torch.mm(x[rows], y.mT, out=scores)
        else:
            torch.addmm(bias, x[rows], y.mT, out=scores)
        if partner is not None:
            scores.scatter_add_(1, partner[rows, None], scores.new_full((len(scores), 1), shift))
        if own is not None:
            scores.scatter_(1, own[rows].reshape(len(scores), -1), -inf)
        # A row without candidates has a maximum of −∞; any finite number instead makes its sum 0.
        top = scores.amax(1, keepdim=True).clamp_min_(torch.finfo(scores.dtype).min)
        exps = scores.sub_(top).exp_()
        yield rows, exps, exps.sum(1, keepdim=True), top


def height(columns: int) -> int:
    """Rows of scores in a block: 16 MB of float32, but at least 256 rows, which fast matrix products need."""
    return max(256, 2**22 // max(1, columns))


def log_weight(weight: float) -> float:
    """Log of a partner's weight.

    Raises:
        ValueError: the weight is negative or not finite.
    """
    if not 0 <= weight < inf:
        raise ValueError(f"partner_weight must be finite and at least 0, not {weight}")
    return log(weight) if weight else -inf


def half_squares(x: Tensor) -> Tensor:
    """Half the squared length of each row."""
    return x.square().sum(1) / 2


def one_if_finite(x: Tensor, *others: Tensor | None) -> Tensor:
    """1, or NaN if any input is not finite: a candidate at −∞ would vanish silently in a sum of exponentials."""
    finite = [torch.isfinite(part).all() for part in (x, *others) if part is not None]
    return torch.where(torch.stack(finite).all(), 1.0, nan).to(x.dtype)


def _float32_or_better(*inputs: Any) -> tuple[Any, ...]:
    return tuple(x if x is None or x.dtype == torch.float64 else x.float() for x in inputs)
