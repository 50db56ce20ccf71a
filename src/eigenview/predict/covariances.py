"""A0 and C of features of views that stream by: what views of a sample share, and what augmentation adds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from math import acos, asin, cos, sqrt

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from eigenview._errors import UsageError
from eigenview.theory.landscape import covariances_from_sums, nearest_covariance, solve_beta_infonce

Features = Callable[[Float[Tensor, "N C S S"]], Float[Tensor, "N d"]]


@dataclass(frozen=True)
class Covariances:
    """What augmentation leaves of features, and what it adds.

    Args:
        A0: covariance of what views of a sample share.
        C: covariance of views of one sample.
        mean: mean of all features.
        samples: number of samples.
        clipped: the share that negative eigenvalues of A0 had, in size, before they were set to zero: it is a
            difference, which is indefinite where augmentation drowns what views share.
        chance: the largest share of a mode's variance, a/(a + c), that views may seem to share by chance.
        trace: the trace of A0 before that, which is its unbiased estimate; None where it is that of A0.
    """

    A0: Float64[np.ndarray, "d d"]
    C: Float64[np.ndarray, "d d"]
    mean: Float64[np.ndarray, "d"]
    samples: int
    clipped: float
    chance: float = 0.0
    trace: float | None = None

    @cached_property
    def noise_shares(self) -> Float64[np.ndarray, "m"]:
        """R = c/(a + c) of each mode, smallest first; there are as many as directions in which features vary."""
        return solve_beta_infonce(self.A0, self.C).noise_shares

    @property
    def scale(self) -> float:
        """The mean variance of a direction, Tr(A0 + C)/d."""
        return float(np.trace(self.A0 + self.C)) / len(self.A0)

    @property
    def second_moment(self) -> Float64[np.ndarray, "d d"]:
        """A0 about zero instead of about the mean, for a loss that does not centre embeddings."""
        return self.A0 + np.outer(self.mean, self.mean)

    def standardised(self) -> "Covariances":
        """Those of features that are centred, and divided by one number so that their mean variance is 1.

        Raises:
            UsageError: they have no variance.
        """
        scale = self.scale
        if not scale > 0:
            raise UsageError("features have no variance: all views of all samples are identical")
        trace = None if self.trace is None else self.trace / scale
        return replace(self, A0=self.A0 / scale, C=self.C / scale, mean=np.zeros_like(self.mean), trace=trace)


class CovarianceStream:
    """Adds up views of more and more samples, in float64 and in memory that d alone decides."""

    def __init__(self) -> None:
        self.samples = self.views = 0
        self._origin = self._sum = torch.empty(0, dtype=torch.float64)
        self._within = self._totals = torch.empty(0, 0, dtype=torch.float64)

    def add(self, x: Float[Tensor, "K p d"]) -> None:
        """Adds all views of p more samples.

        Raises:
            UsageError: features are not finite.
            ValueError: another number of views or dimensions than before.
        """
        x = x.detach().double()
        if not torch.isfinite(x).all():
            raise UsageError("features are not finite")
        K, p, d = x.shape
        if not self.samples:
            # Sums of squares of numbers near zero lose no digits; where zero is does not matter.
            self._origin, self.views = x.mean((0, 1)), K
            self._sum = torch.zeros_like(self._origin)
            self._within, self._totals = x.new_zeros(d, d), x.new_zeros(d, d)
        if self.views != K or d != len(self._origin):
            raise ValueError(f"{K} views of {d} dimensions cannot join {self.views} of {len(self._origin)}")
        x = x - self._origin
        totals = x.sum(0)
        apart = (x - totals / K).flatten(0, 1)
        self._sum += totals.sum(0)
        self._within.addmm_(apart.mT, apart)
        self._totals.addmm_(totals.mT, totals)
        self.samples += p

    def covariances(self, chance: bool = True) -> Covariances:
        """The covariances of all that was added, as `view_covariances` estimates them, with A0 made a covariance.

        Args:
            chance: whether to find out what is due to chance, which takes two more eigendecompositions.

        Raises:
            ValueError: fewer than two samples, or than two views of each.
        """
        P, K = self.samples, self.views
        sums = [part.cpu().numpy() for part in (self._within, self._totals, self._sum)]
        estimated, C = covariances_from_sums(*sums, K=K, P=P)
        A0, clipped = nearest_covariance(estimated)
        by_chance = _chance(estimated + C / K, C, P, K) if clipped and chance else 0.0
        mean = (self._sum / (P * K) + self._origin).cpu().numpy()
        return Covariances(A0, C, mean, P, clipped, by_chance, float(np.trace(estimated)))


def stream_covariances(
    views: Iterable[tuple[int, Float[Tensor, "K p C S S"]]],
    features: Features,
    progress: Callable[[int], object],
) -> list[Covariances]:
    """Covariances of features of views under several policies.

    Args:
        views: pairs of a policy's index, from 0, and views.
        features: maps views to features.
        progress: called with the number of samples in each batch.

    Raises:
        UsageError: features that are not finite.
        ValueError: fewer than two samples, or than two views.
    """
    streams: dict[int, CovarianceStream] = {}
    for i, some in views:
        K, p = some.shape[:2]
        with torch.no_grad():
            h = features(some.flatten(0, 1))
        streams.setdefault(i, CovarianceStream()).add(h.unflatten(0, (K, p)))
        progress(p)
    return [streams[i].covariances() for i in sorted(streams)]


def _chance(means: Float64[np.ndarray, "d d"], C: Float64[np.ndarray, "d d"], P: int, K: int) -> float:
    """The share a/(a + c) that chance may give a mode of which views share nothing, told by those it made negative.

    Of normal noise alone, the shares of Σ = M + (1 − 1/K)C that are in M, the covariance of samples' means, are from
    cos²(φ + θ) to cos²(φ − θ), where cos²φ = 1/K and sin²θ = m/PK, of m modes (Wachter 1980). The lower end that is
    seen gives θ, too, where noise is not normal.
    """
    shares = solve_beta_infonce(means, (1 - 1 / K) * C).noise_shares
    most = min(1.0, float(shares[-1]))
    if most <= 1 - 1 / K:
        return 0.0  # what was clipped is rounding
    phi = acos(K**-0.5)
    theta = max(asin(sqrt(most)) - phi, asin(sqrt(min(1.0, len(shares) / (P * K)))))
    upper = cos(max(0.0, phi - theta)) ** 2
    return 1 - (1 - upper) / (1 - 1 / K)
