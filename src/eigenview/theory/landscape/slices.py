"""Slices of the loss of a trained network along parts of its last linear layer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

Loss = Callable[[Any], float | Tensor]
Weight = Float[np.ndarray, "D d"] | Float[Tensor, "D d"]
Factors = Sequence[float] | Float[np.ndarray, "_"]


@dataclass(frozen=True)
class Slice:
    """The loss along a line.

    Args:
        factors: a, factors of W.
        losses: loss at each factor.
    """

    factors: Float64[np.ndarray, "n"]
    losses: Float64[np.ndarray, "n"]


@dataclass(frozen=True)
class PlaneSlice:
    """The loss over a plane.

    Args:
        first: r1, factors of the first part of W.
        second: r2, factors of the second part.
        losses: one row for each r1, one column for each r2.
    """

    first: Float64[np.ndarray, "n"]
    second: Float64[np.ndarray, "m"]
    losses: Float64[np.ndarray, "n m"]


def slice_by_scale(loss: Loss, W: Weight, factors: Factors) -> Slice:
    """The loss along W ↦ aW, which at a = 0 is the origin of the layer.

    Costs the loss once for each factor.

    Args:
        loss: of a weight of the kind that W is (an array or a tensor, of its dtype and device); nothing asks for its
            gradient. `loss_of_last_layer` makes one of an objective and the layer's inputs.
        W: weight of the last layer as torch keeps it, an output a row.
        factors: a.

    Raises:
        ValueError: a weight, a factor or a loss that is not finite; no factors.

    Source: landscape, Fig. 1 (a) and App. B, Fig. 4 (top).
    """
    a, losses = _over(loss, W, np.zeros(W.shape), _numbers(W), [0.0], factors)
    return Slice(losses=losses[0], factors=a[1])


def slice_by_singular_values(loss: Loss, W: Weight, larger: Factors, smaller: Factors) -> PlaneSlice:
    """The loss where the larger half of W's singular values is multiplied by r1, and the smaller half by r2.

    The larger half has the one in the middle, if their number min(D, d) is odd. Costs the loss once for each pair of
    factors, and an SVD of W.

    Args:
        loss: of a weight of the kind that W is, as for `slice_by_scale`.
        W: weight of the last layer, an output a row; at least two of rows and of columns.
        larger: r1.
        smaller: r2.

    Raises:
        ValueError: a weight, a factor or a loss that is not finite; no factors; a weight of a single row or column.

    Source: landscape, Fig. 1 (b–d).
    """
    weight = _numbers(W)
    if min(weight.shape) < 2:
        raise ValueError(
            f"a weight of {weight.shape[0]} × {weight.shape[1]} has one singular value, which cannot be split"
        )
    U, s, Vt = np.linalg.svd(weight, full_matrices=False)
    half = (len(s) + 1) // 2
    top = (U[:, :half] * s[:half]) @ Vt[:half]
    axes, losses = _over(loss, W, top, weight - top, larger, smaller)
    return PlaneSlice(*axes, losses)


def slice_by_rows(loss: Loss, W: Weight, first: Factors, second: Factors) -> PlaneSlice:
    """The loss where the first row of W is multiplied by r1, and the second by r2: for an output of two dimensions.

    Costs the loss once for each pair of factors.

    Args:
        loss: of a weight of the kind that W is, as for `slice_by_scale`.
        W: weight of the last layer, of two rows.
        first: r1.
        second: r2.

    Raises:
        ValueError: a weight, a factor or a loss that is not finite; no factors; not two rows.

    Source: landscape, App. B, Fig. 4 (bottom).
    """
    weight = _numbers(W)
    if len(weight) != 2:
        raise ValueError(f"W must have two rows, one for each factor, not {len(weight)}")
    axes, losses = _over(loss, W, weight * [[1], [0]], weight * [[0], [1]], first, second)
    return PlaneSlice(*axes, losses)


@torch.no_grad()
def _over(
    loss: Loss, W: Weight, one: np.ndarray, other: np.ndarray, first: Factors, second: Factors
) -> tuple[tuple[Float64[np.ndarray, "r1"], Float64[np.ndarray, "r2"]], Float64[np.ndarray, "r1 r2"]]:
    """The losses at all r1·one + r2·other."""
    axes = _axis(first), _axis(second)
    losses = np.array([[float(loss(_like(W, r1 * one + r2 * other))) for r2 in axes[1]] for r1 in axes[0]])
    if not np.isfinite(losses).all():
        i, j = np.argwhere(~np.isfinite(losses))[0]
        raise ValueError(f"the loss is {losses[i, j]} at the factors ({axes[0][i]:g}, {axes[1][j]:g})")
    return axes, losses


def _axis(factors: Factors) -> Float64[np.ndarray, "_"]:
    axis = np.asarray(factors, dtype=np.float64)
    if axis.ndim != 1 or not axis.size or not np.isfinite(axis).all():
        raise ValueError("factors must be finite numbers, at least one")
    return axis


def _numbers(W: Weight) -> Float64[np.ndarray, "D d"]:
    weight = W.detach().double().cpu().numpy() if isinstance(W, Tensor) else np.asarray(W, dtype=np.float64)
    if weight.ndim != 2 or not weight.size or not np.isfinite(weight).all():
        raise ValueError(f"W must be a finite matrix [outputs, inputs]; its shape is {weight.shape}")
    return weight


def _like(W: Weight, weight: Float64[np.ndarray, "D d"]) -> Weight:
    if isinstance(W, Tensor):
        return torch.from_numpy(weight).to(W.device, W.dtype if W.is_floating_point() else None)
    return weight.astype(W.dtype if np.issubdtype(W.dtype, np.floating) else np.float64)
