"""How a linear map and its loss change with time."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64


@dataclass(frozen=True)
class Trajectory:
    """A linear map W over time, f(x) = Wx.

    Args:
        times: a step of descent takes a time of its learning rate.
        W: at these times.
        losses: Tr WCWᵀ.
    """

    times: Float64[np.ndarray, "T"]
    W: Float64[np.ndarray, "T z d"]
    losses: Float64[np.ndarray, "T"]

    def outputs(self, x: Float[np.ndarray, "N d"]) -> Float64[np.ndarray, "T N z"]:
        """What the map makes of points, which may be new, at each time.

        Args:
            x: a point a row.

        Raises:
            ValueError: points of another dimension than the map's, or ones that are not finite.

        Source: dynamics, Thm. 2's f(x) = UVᵀx, after NOTES 4.
        """
        x, d = np.asarray(x, dtype=np.float64), self.W.shape[2]
        if x.ndim != 2 or x.shape[1] != d or not np.isfinite(x).all():
            raise ValueError(f"points must be finite, and [N, d] with the d of W, {d}; they are of shape {x.shape}")
        return np.einsum("nd,tzd->tnz", x, self.W)


def rising(times: Float[np.ndarray, "T"]) -> Float64[np.ndarray, "T"]:
    """The times, if they are such.

    Raises:
        ValueError: they are none, negative, not finite, or do not rise.
    """
    times = np.asarray(times, dtype=np.float64)
    if times.ndim != 1 or not times.size or not np.isfinite(times).all() or times[0] < 0 or (np.diff(times) <= 0).any():
        raise ValueError("times must be finite, rise, and not be below 0")
    return times


def losses_of(W: Float64[np.ndarray, "T z d"], C: Float64[np.ndarray, "d d"]) -> Float64[np.ndarray, "T"]:
    """Tr WCWᵀ.

    Raises:
        ValueError: a loss that is not finite.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        losses = np.einsum("tzd,tzd->t", W @ C, W)
    finite = np.isfinite(losses)
    if not finite.all():
        raise ValueError(f"W diverged: its loss overflows at {(~finite).sum()} of {len(losses)} times")
    return losses
