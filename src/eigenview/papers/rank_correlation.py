"""Spearman's rank correlation."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.stats import spearmanr


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's ρ, and the probability of a value at least as far from 0 by chance."""

    rho: float
    p: float

    def __str__(self) -> str:
        return f"{self.rho:+.2f} (p = {self.p:.1g})"


def rank_correlation(x: Float[np.ndarray, "n"], y: Float[np.ndarray, "n"]) -> RankCorrelation:
    """Spearman's rank correlation of n pairs of numbers."""
    found: Any = spearmanr(x, y)
    return RankCorrelation(float(found.statistic), float(found.pvalue))
