"""A linear map and its loss over time."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64


@dataclass(frozen=True)
class Trajectory:
    """A linear map W over time, f(x) = Wx.

    Args:
        times: a step of gradient descent takes a time equal to its learning rate.
        W: at these times.
        losses: Tr WCWᵀ.
    """

    times: Float64[np.ndarray, "T"]
    W: Float64[np.ndarray, "T z d"]
    losses: Float64[np.ndarray, "T"]

    def outputs(self, x: Float[np.ndarray, "N d"]) -> Float64[np.ndarray, "T N z"]:
        """The map's outputs for points, seen or unseen, at each time.

        Args:
            x: one point per row.

        Raises:
            ValueError: points are not finite, or their dimension is not that of the map.

        Source: dynamics, Thm. 2's f(x) = UVᵀx, after NOTES 4.
        """
        x, d = np.asarray(x, dtype=np.float64), self.W.shape[2]
        if x.ndim != 2 or x.shape[1] != d or not np.isfinite(x).all():
            raise ValueError(f"points must be finite and [N, d] with d = {d} as in W; their shape is {x.shape}")
        return np.einsum("nd,tzd->tnz", x, self.W)


def increasing(times: Float[np.ndarray, "T"]) -> Float64[np.ndarray, "T"]:
    """The times as float64.

    Raises:
        ValueError: times are empty, negative, not finite, or not increasing.
    """
    times = np.asarray(times, dtype=np.float64)
    if times.ndim != 1 or not times.size or not np.isfinite(times).all() or times[0] < 0 or (np.diff(times) <= 0).any():
        raise ValueError("times must be finite, increasing and nonnegative")
    return times


def quadratic_losses(W: Float64[np.ndarray, "T z d"], C: Float64[np.ndarray, "d d"]) -> Float64[np.ndarray, "T"]:
    """Tr WCWᵀ at each time.

    Raises:
        ValueError: a loss is not finite.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        losses = np.einsum("tzd,tzd->t", W @ C, W)
    finite = np.isfinite(losses)
    if not finite.all():
        raise ValueError(f"W diverged: its loss overflows at {(~finite).sum()} of {len(losses)} times")
    return losses
