"""Estimates of and bounds on the entropy of features: log-determinant and pairwise distances."""

from dataclasses import dataclass
from math import e, inf, log, pi

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.measures.distances import squared_distances
from eigenview.measures.spec import measure
from eigenview.measures.spectral_cache import SpectralCache


@dataclass(frozen=True)
class PairwiseEntropy:
    """Bounds, in nats, on the entropy of an equal mixture of isotropic Gaussians around the samples.

    Args:
        lower: by Bhattacharyya distances.
        upper: by KL divergences.
    """

    lower: float
    upper: float


@measure(
    direction="high",
    meaning="entropy of a Gaussian with the same covariance, in nats, less a constant; grows with scale",
    shares=SpectralCache,
    group="information",
)
def log_det_entropy(features: Float[Tensor, "N D"] | SpectralCache, ridge: float = 0.01) -> float:
    """Entropy of the Gaussian with the features' covariance, without its constant: ½ log det(βI + Σ), in nats.

    With ½D·log 2πe added it is an upper bound on the entropy of features with added noise of variance β, whatever
    their distribution. Σ is over N − 1, about the mean. High is features that fill all dimensions. Rows that are all
    the same give ½D·log β, the minimum; there is no maximum.

    Costs what `effective_rank` does, whose spectrum it shares.

    Args:
        features: one row for each sample, at least two.
        ridge: β, in units of the features' variance; positive.

    Raises:
        ValueError: features are not finite, or fewer than two; the ridge is not positive and finite.

    Source: information (NOTES 5), LogDet.
    """
    positive("ridge", ridge)
    cache = SpectralCache.of(features)
    # By eigenvalues: a Cholesky factorisation fails where the ridge is below the rounding of large variances.
    beyond = cache.features.shape[1] - len(cache.variances)
    return float((cache.variances + ridge).log().sum() + beyond * log(ridge)) / 2


def pairwise_entropy(features: Float[Tensor, "N D"], variance: float | None = None) -> PairwiseEntropy:
    """Bounds on the entropy of an equal mixture of N Gaussians of variance σ² around the rows, in nats.

    ½D·log 2πeσ² − mean_i log mean_j exp(−d_ij), j = i included, is no less than the mixture's entropy for
    d = ‖Δ‖²/2σ² (KL), and no more for ‖Δ‖²/8σ² (Bhattacharyya). High is rows spread out. Both are ½D·log 2πeσ² for rows
    that are all the same, and log N more, exactly the mixture's, for rows that are all far apart for their σ.

    Costs N²D operations, N² exponentials for each bound, and 0.5 GiB.

    Args:
        features: one row for each sample.
        variance: σ² of each dimension; by default D/4, as in the objective (for rows of length √D).

    Raises:
        ValueError: features are not finite, or there are none; the variance is not positive and finite.

    Source: Kolchinsky & Tracey 2017; information (NOTES 5).
    """
    N, D = features.shape
    if not features.numel():
        raise ValueError(f"features of {N} × {D} are empty")
    variance = positive("variance", D / 4 if variance is None else variance)
    logs = torch.full((2, N), -inf, dtype=torch.float64, device=features.device)
    for rows, _, tile in squared_distances(features):
        for bound, share in zip(logs, (1 / 8, 1 / 2), strict=True):
            bound[rows] = torch.logaddexp(bound[rows], (tile * (-share / variance)).logsumexp(1))
    lower, upper = (D / 2 * log(2 * pi * e * variance) + log(N) - logs.mean(1)).tolist()
    return PairwiseEntropy(lower, upper)


def positive(name: str, value: float) -> float:
    """Returns the value after checking it.

    Raises:
        ValueError: the value is not positive and finite.
    """
    if not 0 < value < inf:
        raise ValueError(f"{name} must be positive and finite, not {value}")
    return value
