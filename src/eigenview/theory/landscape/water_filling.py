"""How a variance is shared among modes: water is filled until it has the level that a penalty on its sum asks for."""

import numpy as np
from jaxtyping import Bool, Float64


def water_fill(
    gains: Float64[np.ndarray, "m"], quartic: float, kappa: float, target: float
) -> tuple[Float64[np.ndarray, "m"], float]:
    """The h ≥ 0 that minimise −Σ k_i h_i + q Σ h_i² + κ(Σ h_i − c)², and the shift ν = 2κ(c − Σ h_i) of gains.

    Args:
        gains: k, largest first.
        quartic: q > 0.
        kappa: κ ≥ 0; inf holds Σ h at c.
        target: c.

    Source: landscape, Props. 3 and 5, for any q.
    """
    # With the m largest kept, Σ h follows from (2q + 2κm)·Σ h = Σ_m k + 2κmc; as many are kept as then have h > 0.
    m = np.arange(1, len(gains) + 1)
    shifts = _shift(np.cumsum(gains), m, quartic, kappa, target)
    kept = int((gains + shifts > 0).sum())
    shift = float(shifts[kept - 1]) if kept else 2 * kappa * target
    return np.where(m <= kept, np.maximum(gains + shift, 0.0), 0.0) / (2 * quartic), shift


def water_fill_masked(
    gains: Float64[np.ndarray, "m"], mask: Bool[np.ndarray, "m"], quartic: float, kappa: float, target: float
) -> Float64[np.ndarray, "m"]:
    """The h at which the same function has no slope along the modes of a mask, all others being 0.

    Negative where there is no such point.

    Args:
        gains: k.
        mask: modes that are not 0.
        quartic: q > 0.
        kappa: κ ≥ 0, or inf.
        target: c.
    """
    kept = mask.sum(keepdims=True)
    shift = _shift(gains[mask].sum(keepdims=True), kept, quartic, kappa, target) if kept else 0.0
    return np.where(mask, gains + shift, 0.0) / (2 * quartic)


def _shift(
    total: Float64[np.ndarray, "m"], m: np.ndarray, quartic: float, kappa: float, target: float
) -> Float64[np.ndarray, "m"]:
    """ν = 2κ(c − ρ), where m modes of this total gain are kept (NOTES 3: c − ρ = (c − total/2)/(1 + κm) at q = 1)."""
    missing = 2 * quartic * target - total
    return missing / m if np.isinf(kappa) else kappa * missing / (quartic + kappa * m)
