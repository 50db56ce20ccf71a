"""The loss of a last linear layer to fourth order, a function of B and Σ alone, solved in closed form."""

from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, isclose, isfinite, isinf

import numpy as np
from jaxtyping import Bool, Float, Float64

from eigenview.theory.landscape.generalized_eigen import GeneralizedEigenmodes, generalized_eigenmodes
from eigenview.theory.landscape.stationary_point import StationaryPoint
from eigenview.theory.landscape.water_filling import stationary_on_support, water_fill
from eigenview.theory.matrices import covariance, layer, same_size, significant, symmetric


@dataclass(frozen=True)
class EffectiveLandscape:
    """L(W) = −Tr WBWᵀ + q·Tr(WΣWᵀ)², plus κ(Tr WΣWᵀ + ‖b‖² − c)² where the variance of embeddings is penalized.

    In H = Σ^½WᵀWΣ^½ and K = Σ^-½BΣ^-½ it is q‖H − K/2q‖² − ‖K‖²/4q, so every local minimum is global: H is the best
    positive semidefinite approximation of K/2q whose matrix rank is at most the number of rows of W. A0 and C need not
    commute. For Gaussian data q‖H‖² is the complete fourth order; B is the second order for any data.

    Args:
        B: symmetric, with eigenvalues of either sign.
        sigma: Σ, covariance of the layer's inputs; it may be singular where B vanishes.
        quartic: q; 0 only with κ > 0, where a single mode takes all the variance.
        kappa: κ, weight of the penalty; inf fixes the variance at c.
        target: c, the variance that the penalty asks for.
        bias: whether f = Wx + b has a bias, which only enters the penalty.

    Raises:
        ValueError: B or Σ is not a matrix of the required kind, a number is out of range, or the loss has no minimum.

    Source: landscape, Thms. 1 and 4, Props. 2, 3 and 5, after NOTES 3, for any q.
    """

    B: Float[np.ndarray, "d d"]
    sigma: Float[np.ndarray, "d d"]
    quartic: float = 1.0
    kappa: float = 0.0
    target: float = 0.0
    bias: bool = False

    def __post_init__(self) -> None:
        same_size(B=np.asarray(self.B), sigma=np.asarray(self.sigma))
        object.__setattr__(self, "B", symmetric(self.B, "B"))
        object.__setattr__(self, "sigma", covariance(self.sigma, "Σ"))
        if not (isfinite(self.quartic) and self.quartic >= 0):
            raise ValueError(f"quartic must be finite and at least 0, not {self.quartic}")
        if not self.kappa >= 0:
            raise ValueError(f"kappa must be at least 0, or inf, not {self.kappa}")
        if self.kappa and not (isfinite(self.target) and self.target > 0):
            raise ValueError(f"with kappa, target must be positive and finite, not {self.target}")
        if self.gains.max(initial=0.0) > 0 and not self.quartic and not self.kappa:
            raise ValueError("without quartic and kappa the loss has no minimum: B has a positive eigenvalue")

    @cached_property
    def _modes(self) -> GeneralizedEigenmodes:
        return generalized_eigenmodes(self.sigma, self.B)

    @cached_property
    def gains(self) -> Float64[np.ndarray, "m"]:
        """Eigenvalues of Σ^-½BΣ^-½, largest first; those that are rounding errors are 0."""
        return significant(self._modes.eigenvalues)

    def value(self, W: Float[np.ndarray, "D d"]) -> float:
        """The loss at W with the optimal bias; inf where κ = inf and the variance is not c.

        Raises:
            ValueError: W is not finite or has the wrong number of columns.
        """
        W = layer(W, len(self.sigma))
        S = W @ self.sigma @ W.T
        return float(-np.trace(W @ self.B @ W.T) + self.quartic * (S * S).sum() + self._penalty(float(np.trace(S))))

    def gradient(self, W: Float[np.ndarray, "D d"]) -> Float64[np.ndarray, "D d"]:
        """The gradient of the loss at W with the optimal bias.

        Raises:
            ValueError: κ is inf, or W is not finite or has the wrong number of columns.
        """
        self._needs_a_penalty()
        W = layer(W, len(self.sigma))
        S = W @ self.sigma @ W.T
        return (
            -2 * W @ self.B
            + 4 * self.quartic * S @ W @ self.sigma
            + 4 * self._pull(float(np.trace(S))) * W @ self.sigma
        )

    def hessian_at_origin(self) -> Float64[np.ndarray, "d d"]:
        """Hessian of the loss in each row of W at W = 0, −2B′ with B′ = B + 2κcΣ; rows do not interact there.

        Raises:
            ValueError: κ is inf.
        """
        self._needs_a_penalty()
        return -2 * (self.B - 2 * self._pull(0.0) * self.sigma)

    def stationary(self, mask: Bool[np.ndarray, "m"], D: int | None = None) -> StationaryPoint:
        """The stationary point at which exactly the masked modes are present, in the order of `gains`.

        Args:
            mask: one entry for each of `gains`.
            D: number of rows of W; by default that of its columns.

        Raises:
            ValueError: there is none, because there are more modes than rows, a mode would have a negative variance, or
                there is no quartic term and the mask is not empty.
        """
        mask, room = np.asarray(mask, bool), self._room(D)
        if mask.shape != self.gains.shape:
            raise ValueError(f"mask must have {len(self.gains)} entries, one per mode, not shape {mask.shape}")
        if mask.sum() > room:
            raise ValueError(f"W has at most {room} modes, not {int(mask.sum())}")
        if not self.quartic and mask.any():
            raise ValueError("without a quartic term only minimum() is available")
        if not mask.any():
            return self._point(np.zeros(len(mask)))
        modes = stationary_on_support(self.gains, mask, self.quartic, 0.0, 0.0)
        # With a bias two branches may exist: b ≠ 0 supplies the missing variance, or b = 0 as without a bias.
        if self.kappa and not (self.bias and modes.sum() <= self.target):
            modes = stationary_on_support(self.gains, mask, self.quartic, self.kappa, self.target)
        if (modes[mask] <= 0).any():
            raise ValueError("there is no such stationary point: a masked mode would not have a positive variance")
        return self._point(modes)

    def minimum(self, D: int | None = None) -> StationaryPoint:
        """The global minimum; every local minimum is global.

        Args:
            D: number of rows of W; by default that of its columns.
        """
        gains = self.gains[: self._room(D)]
        if not self.quartic:
            modes = self._all_in_one(gains)
        else:
            modes, shift = water_fill(gains, self.quartic, self.kappa, self.target)
            # A bias supplies missing variance, so the penalty never increases modes (Thm. 4).
            if self.bias and shift > 0:
                modes, _ = water_fill(gains, self.quartic, 0.0, 0.0)
        return self._point(np.pad(modes, (0, len(self.gains) - len(modes))))

    def survivors(self, D: int | None = None) -> int:
        """Number of modes that survive at the global minimum."""
        return self.minimum(D).rank

    def without_bias(self) -> "EffectiveLandscape":
        """The landscape without a bias."""
        return replace(self, bias=False)

    def _all_in_one(self, gains: Float64[np.ndarray, "m"]) -> Float64[np.ndarray, "m"]:
        """Without a quartic term the best mode takes all the variance, ρ = c + k/2κ; equal ones may share it."""
        modes = np.zeros(len(gains))
        if self.kappa and len(gains) and not (self.bias and gains[0] <= 0):
            modes[0] = max(0.0, self.target + gains[0] / (2 * self.kappa))
        return modes

    def _point(self, modes: Float64[np.ndarray, "m"]) -> StationaryPoint:
        variance = float(modes.sum())
        bias = max(0.0, self.target - variance) if self.bias and self.kappa else 0.0
        held = isinf(self.kappa) and not isclose(variance + bias, self.target, rel_tol=1e-9)
        penalty = inf if held else 0.0 if isinf(self.kappa) else self._penalty(variance)
        value = float(-self.gains @ modes + self.quartic * modes @ modes) + penalty
        return StationaryPoint(modes, self._modes.directions, value, bias)

    def _penalty(self, variance: float) -> float:
        off = variance - self.target
        if not self.kappa or (self.bias and off <= 0):
            return 0.0
        if isinf(self.kappa):
            return 0.0 if isclose(variance, self.target, rel_tol=1e-9) else inf
        return self.kappa * off**2

    def _pull(self, variance: float) -> float:
        """κ(ρ − c) where the penalty acts."""
        off = variance - self.target
        return 0.0 if not self.kappa or (self.bias and off <= 0) else self.kappa * off

    def _room(self, D: int | None) -> int:
        if D is not None and D < 1:
            raise ValueError(f"D must be at least 1, not {D}")
        return len(self.gains) if D is None else min(D, len(self.gains))

    def _needs_a_penalty(self) -> None:
        if isinf(self.kappa):
            raise ValueError("with kappa = inf the variance is fixed, and the loss has no gradient off the constraint")
