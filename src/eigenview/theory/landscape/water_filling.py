"""Water-filling: how modes share the variance that a penalty on its sum asks for."""

import numpy as np
from jaxtyping import Bool, Float64


def water_fill(
    gains: Float64[np.ndarray, "m"], quartic: float, kappa: float, target: float
) -> tuple[Float64[np.ndarray, "m"], float]:
    """The h ≥ 0 that minimize −Σ k_i h_i + q Σ h_i² + κ(Σ h_i − c)², and the shift ν = 2κ(c − Σ h_i) of gains.

    Args:
        gains: k, largest first.
        quartic: q > 0.
        kappa: κ ≥ 0; inf fixes Σ h at c.
        target: c, the sum that the penalty asks for.

    Source: landscape, Props. 3 and 5, for any q.
    """
    # With the m largest gains kept, Σ h follows from (2q + 2κm)·Σ h = Σ_m k + 2κmc; m is the largest for which h > 0.
    m = np.arange(1, len(gains) + 1)
    shifts = _shift(np.cumsum(gains), m, quartic, kappa, target)
    kept = int((gains + shifts > 0).sum())
    shift = float(shifts[kept - 1]) if kept else 2 * kappa * target
    return np.where(m <= kept, np.maximum(gains + shift, 0.0), 0.0) / (2 * quartic), shift


def stationary_on_support(
    gains: Float64[np.ndarray, "m"], support: Bool[np.ndarray, "m"], quartic: float, kappa: float, target: float
) -> Float64[np.ndarray, "m"]:
    """The h at which the function of `water_fill` is stationary in the modes of a support, all others being 0.

    An h is negative where there is no such point.

    Args:
        gains: k.
        support: modes that may be nonzero.
        quartic: q > 0.
        kappa: κ ≥ 0, or inf.
        target: c.
    """
    kept = support.sum(keepdims=True)
    shift = _shift(gains[support].sum(keepdims=True), kept, quartic, kappa, target) if kept else 0.0
    return np.where(support, gains + shift, 0.0) / (2 * quartic)


def _shift(
    total: Float64[np.ndarray, "m"], m: np.ndarray, quartic: float, kappa: float, target: float
) -> Float64[np.ndarray, "m"]:
    """ν = 2κ(c − ρ) when m modes with this total gain are kept (NOTES 3: c − ρ = (c − total/2)/(1 + κm) at q = 1)."""
    missing = 2 * quartic * target - total
    return missing / m if np.isinf(kappa) else kappa * missing / (quartic + kappa * m)
