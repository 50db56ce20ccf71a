"""A weight at which a landscape is flat, by its modes."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64


@dataclass(frozen=True)
class StationaryPoint:
    """All weights W with the same WᵀW, at which the loss has no slope.

    Args:
        modes: h, eigenvalues of Σ^½WᵀWΣ^½: the variance of embeddings along each mode; 0 where a mode has collapsed,
            inf where nothing bounds it. In the order of their gain, the largest first.
        directions: g with gᵀΣg = 1, a column a mode: WᵀW = Σ_i h_i g_i g_iᵀ.
        value: of the loss.
        bias: ‖b‖² of an additive bias; 0 without one.
    """

    modes: Float64[np.ndarray, "m"]
    directions: Float64[np.ndarray, "d m"]
    value: float
    bias: float = 0.0

    @property
    def rank(self) -> int:
        """Modes that survive."""
        return int((self.modes > 0).sum())

    @property
    def gram(self) -> Float64[np.ndarray, "d d"]:
        """WᵀW.

        Raises:
            ValueError: a mode grows without bound.
        """
        if not np.isfinite(self.modes).all():
            unbounded = int(np.isinf(self.modes).sum())
            raise ValueError(f"WᵀW is not finite: nothing bounds {unbounded} modes, to which augmentation adds nothing")
        return (self.directions * self.modes) @ self.directions.T

    def weights(self, D: int) -> Float64[np.ndarray, "D d"]:
        """One W that has this WᵀW; any rotation of its rows is another.

        Args:
            D: rows, at least the rank.

        Raises:
            ValueError: fewer, or a mode that grows without bound.
        """
        if self.rank > D:
            raise ValueError(f"W needs at least {self.rank} rows, one a surviving mode, not {D}")
        if not np.isfinite(self.modes).all():
            raise ValueError("W is not finite: nothing bounds a mode to which augmentation adds nothing")
        W = np.zeros((D, len(self.directions)))
        kept = self.modes > 0
        W[: self.rank] = (self.directions[:, kept] * np.sqrt(self.modes[kept])).T
        return W
