"""Terms of a bound on the mutual information between views."""

from dataclasses import dataclass
from math import log, pi

import numpy as np
from jaxtyping import Float

from eigenview.theory.information.mixtures import MixtureEntropy, mixture_entropy
from eigenview.theory.matrices import covariance


@dataclass(frozen=True)
class InformationTerms:
    """The terms of H(Z) + E log q(z|z′), in nats.

    Args:
        variance: ½ Σ_k log 2πe(Σ_Z)_kk, which a variance term of an objective raises.
        covariance: ½ log det of the correlations of Z, at most 0, which a covariance term raises.
        invariance: −E‖μ_n − μ′_n‖²/2σ², which an invariance term raises.
        noise: −E Tr(Σ_n + Σ′_n)/2σ², from the noise around both views.
        scale: −½D log 2πσ².
        entropy: bounds on H(Z); variance + covariance is its `log_det`.
    """

    variance: float
    covariance: float
    invariance: float
    noise: float
    scale: float
    entropy: MixtureEntropy

    @property
    def reconstruction(self) -> float:
        """E log q(z|z′)."""
        return self.invariance + self.noise + self.scale

    @property
    def raised(self) -> float:
        """The sum of the terms, which objectives raise. It uses an upper bound of H(Z), so it is not a bound."""
        return self.variance + self.covariance + self.reconstruction

    @property
    def guaranteed(self) -> float:
        """A lower bound of I(Z;X′), from the lower bound of H(Z), if the noise is as assumed."""
        return self.entropy.lower + self.reconstruction


def information_terms(
    means: Float[np.ndarray, "N D"],
    covariances: Float[np.ndarray, "N D D"],
    other_means: Float[np.ndarray, "M D"],
    other_covariances: Float[np.ndarray, "M D D"],
    variance: float | None = None,
    ridge: float = 0.0,
) -> InformationTerms:
    """The decomposition of I(Z;X′) ≥ H(Z) + E log q(z|z′), with z and z′ normal around N pairs of views.

    q(z|z′) = N(z; z′, σ²I). Pairs are equally likely; given the pair, z and z′ are independent. Objectives raise
    H(Z) through an *upper* bound, the entropy ½ log det 2πeΣ_Z of the normal law with Z's covariance, so **the sum that
    they raise is not a bound on the information**, in either direction; `guaranteed` uses a lower bound. The
    information itself is at most log N, that about which pair was sampled.

    Costs as much as `mixture_entropy`.

    Args:
        means: μ_n, features of the first views (`local_gaussians`).
        covariances: Σ_n of the first views.
        other_means: μ′_n, of the second views.
        other_covariances: Σ′_n of the second views; they may be singular.
        variance: σ² of q; by default the optimal E‖z − z′‖²/D.
        ridge: β, added to each covariance, as in `mixture_entropy`.

    Raises:
        ValueError: as `mixture_entropy`, or shapes of the views differ, means of the second views are not finite, their
            covariances are not covariances, or variance is not positive and finite.

    Source: information, Sec. 3 (NOTES 5).
    """
    entropy = mixture_entropy(means, covariances, ridge=ridge)
    if np.shape(other_means) != np.shape(means) or np.shape(other_covariances) != np.shape(covariances):
        raise ValueError(f"views must have the same shape, not {np.shape(means)} and {np.shape(other_means)}")
    if not np.isfinite(other_means).all():
        raise ValueError("means of the other views are not finite")
    for i, matrix in enumerate(other_covariances):
        covariance(matrix, f"other_covariances[{i}]")
    D = np.shape(means)[1]
    apart = float(np.square(np.subtract(means, other_means, dtype=np.float64)).sum(1).mean())
    traces = np.trace(np.add(covariances, other_covariances, dtype=np.float64), axis1=1, axis2=2)
    spread = float(traces.mean()) + 2 * D * ridge
    sigma2 = (apart + spread) / D if variance is None else variance
    if not 0 < sigma2 < np.inf:
        raise ValueError(f"variance must be positive and finite, not {sigma2}")
    return InformationTerms(
        variance=entropy.diagonal,
        covariance=entropy.log_det - entropy.diagonal,
        invariance=-apart / (2 * sigma2),
        noise=-spread / (2 * sigma2),
        scale=-D / 2 * log(2 * pi * sigma2),
        entropy=entropy,
    )
