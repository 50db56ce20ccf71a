"""Expectations over uniform points on the unit sphere."""

from math import log, sqrt

import numpy as np
from scipy.special import gammaln


def log_mean_exp_cosine(beta: float, D: int) -> float:
    """Log of E exp(β·cos θ), θ the angle between a fixed and a uniform point on the unit sphere in D dimensions.

    It is the log of Γ(D/2)·(2/β)^(D/2 − 1)·I_{D/2 − 1}(β). This Bessel function under- and overflows, so its power
    series is summed in logs: terms are positive, largest at k(k + D/2) = β²/4, and negligible far from there.
    """
    largest = sqrt(D**2 / 16 + beta**2 / 4) - D / 4
    far = 40 * sqrt(largest + 1) + 100
    k = np.arange(max(0, int(largest - far)), int(largest + far))
    terms = 2 * k * log(beta / 2) - gammaln(k + 1) - gammaln(k + D / 2) + gammaln(D / 2)
    return float(np.logaddexp.reduce(terms))
