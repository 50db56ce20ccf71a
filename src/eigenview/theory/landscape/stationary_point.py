"""A stationary point of a landscape, by its modes."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64


@dataclass(frozen=True)
class StationaryPoint:
    """All weights W with a given WᵀW, at which the gradient of the loss vanishes.

    Args:
        modes: h, eigenvalues of Σ^½WᵀWΣ^½: the variance of embeddings along each mode, 0 for a collapsed mode and inf
            for an unbounded one. In the order of their gain, largest first.
        directions: g with gᵀΣg = 1, one column per mode: WᵀW = Σ_i h_i g_i g_iᵀ.
        value: value of the loss.
        bias: ‖b‖² of an additive bias; 0 without one.
    """

    modes: Float64[np.ndarray, "m"]
    directions: Float64[np.ndarray, "d m"]
    value: float
    bias: float = 0.0

    @property
    def rank(self) -> int:
        """Number of surviving modes, the matrix rank of W."""
        return int((self.modes > 0).sum())

    @property
    def gram(self) -> Float64[np.ndarray, "d d"]:
        """WᵀW.

        Raises:
            ValueError: a mode is unbounded.
        """
        if not np.isfinite(self.modes).all():
            unbounded = int(np.isinf(self.modes).sum())
            raise ValueError(f"WᵀW is not finite: {unbounded} modes without augmentation noise are unbounded")
        return (self.directions * self.modes) @ self.directions.T

    def weights(self, D: int) -> Float64[np.ndarray, "D d"]:
        """One W that has this WᵀW; any rotation of its rows is another.

        Args:
            D: number of rows, at least the rank.

        Raises:
            ValueError: D is below the rank, or a mode is unbounded.
        """
        if self.rank > D:
            raise ValueError(f"W needs at least {self.rank} rows, one per surviving mode, not {D}")
        if not np.isfinite(self.modes).all():
            raise ValueError("W is not finite: a mode without augmentation noise is unbounded")
        W = np.zeros((D, len(self.directions)))
        kept = self.modes > 0
        W[: self.rank] = (self.directions[:, kept] * np.sqrt(self.modes[kept])).T
        return W
