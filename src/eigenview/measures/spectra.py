"""The spectrum of features: how many directions they fill. Each measure takes features, or their `SpectralCache`."""

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from eigenview import linalg
from eigenview.measures.spec import measure
from eigenview.measures.spectral_cache import SpectralCache


def spectrum(features: Float[Tensor, "N D"] | SpectralCache) -> Float64[Tensor, "M"]:
    """Singular values of the uncentred features, largest first; M = min(N, D).

    Args:
        features: one row for each sample (or view); features or embeddings.

    Raises:
        ValueError: features are not finite, or there are none.
    """
    return SpectralCache.of(features).singular_values


@measure(
    direction="high",
    meaning="number of directions that features fill; low is dimensional collapse",
    shares=SpectralCache,
    group="spectrum",
    essential=True,
)
def effective_rank(features: Float[Tensor, "N D"] | SpectralCache) -> float:
    """How many directions features fill: RankMe, between 1 (all on a line) and min(N, D) (isotropic).

    Low is dimensional collapse. Features of zeros fill none: 0. RankMe's 1e-7 a share lifts it by less
    than 2e-6 times min(N, D) of its value. Costs one SVD, or a streamed D × D Gram matrix where N·D > 2²⁰.

    Args:
        features: one row for each sample; uncentred.

    Raises:
        ValueError: features are not finite, or there are none.

    Source: RankMe, Garrido et al. 2023, Eq. 1.
    """
    return float(linalg.effective_rank(SpectralCache.of(features).singular_values))


@measure(
    direction="high",
    meaning="number of directions as strong as the strongest; weak ones hardly count",
    shares=SpectralCache,
    group="spectrum",
)
def stable_rank(features: Float[Tensor, "N D"] | SpectralCache) -> float:
    """How many directions as strong as the strongest features fill: ‖Z‖_F²/‖Z‖₂², between 1 and min(N, D).

    1 is all on a line, or an offset that outweighs the rest; min(N, D) is isotropic. Features of zeros fill none: 0.
    Unlike the effective rank, a tail of weak directions hardly moves it. Costs what `effective_rank` does.

    Args:
        features: one row for each sample; uncentred.

    Raises:
        ValueError: features are not finite, or there are none.

    Source: Tsitsulin et al. 2023.
    """
    return float(_of_largest(SpectralCache.of(features).singular_values).square().sum())


@measure(
    direction="high",
    meaning="number of directions that share the variance",
    shares=SpectralCache,
    group="spectrum",
)
def participation_ratio(features: Float[Tensor, "N D"] | SpectralCache) -> float:
    """How many directions share the variance: (Σλ)²/Σλ² over the covariance's eigenvalues, in [1, min(N − 1, D)].

    1 is variance along one line; the most is isotropic. Equal rows have no variance: 0. Isotropic Gaussian rows give
    D/(1 + D/N). Costs what `effective_rank` does.

    Args:
        features: one row for each sample, at least two; centred here.

    Raises:
        ValueError: features are not finite; fewer than two rows.

    Source: Gao et al. 2017.
    """
    shares = _of_largest(SpectralCache.of(features).variances)
    return float(shares.sum() ** 2 / shares.square().sum()) if shares[0] else 0.0


@measure(
    direction="high",
    meaning="total variance, in units of the strongest direction's",
    shares=SpectralCache,
    group="spectrum",
)
def nesum(features: Float[Tensor, "N D"] | SpectralCache) -> float:
    """The variance in units of its strongest direction's: Σλ/λ₁ of the centred covariance, in [1, min(N − 1, D)].

    1 is variance along one line; the most is whitened features. Equal rows have no variance: 0. It is the stable rank
    of centred features. Costs what `effective_rank` does.

    Args:
        features: one row for each sample, at least two; centred here.

    Raises:
        ValueError: features are not finite; fewer than two rows.

    Source: He & Ozay 2022 (normalised eigenvalue sum).
    """
    return float(_of_largest(SpectralCache.of(features).variances).sum())


@measure(
    direction="low",
    meaning="strength of the strongest direction over the weakest's; 1e7 is singular",
    shares=SpectralCache,
    group="spectrum",
)
def condition_number(features: Float[Tensor, "N D"] | SpectralCache) -> float:
    """The strongest direction over the weakest: σ₁/σ_M of the uncentred features, M = min(N, D), in [1, 1e7].

    1 is isotropic. 1e7 is singular, as are features of zeros: values below 1e-7 of the largest are float32
    rounding, and count as that. Costs what `effective_rank` does.

    Args:
        features: one row for each sample; uncentred.

    Raises:
        ValueError: features are not finite, or there are none.

    Source: Tsitsulin et al. 2023.
    """
    return float(1 / _of_largest(SpectralCache.of(features).singular_values)[-1].clamp_min(1e-7))


@measure(
    direction="high",
    meaning="number of directions at least 1% as strong as the strongest",
    shares=SpectralCache,
    group="spectrum",
    essential=True,
)
def numerical_rank(features: Float[Tensor, "N D"] | SpectralCache, tolerance: float = 0.01) -> int:
    """How many singular values of the uncentred features are at least a tolerance times the largest: 0 to min(N, D).

    Low is dimensional collapse. It is 0 for features of zeros alone. Costs what `effective_rank` does.

    Args:
        features: one row for each sample; uncentred. Or a matrix of weights.
        tolerance: relative to the largest, in (0, 1]; below 1e-7 rounding is counted.

    Raises:
        ValueError: features are not finite, or there are none; a tolerance out of range.

    Source: geometry, Eq. 2 (the tolerance, never given there, is relative here).
    """
    if not 0 < tolerance <= 1:
        raise ValueError(f"tolerance must be in (0, 1], not {tolerance}")
    return int((_of_largest(SpectralCache.of(features).singular_values) >= tolerance).sum())


@measure(
    meaning="decay exponent of the spectrum; 0 is flat, good features are often near 1",
    shares=SpectralCache,
    group="spectrum",
)
def alpha_req(features: Float[Tensor, "N D"] | SpectralCache, first: int = 3, last: int = 100) -> float:
    """The exponent α of the covariance's eigenvalues, λᵢ ∝ i^−α, over the indices `first` to `last`.

    0 is a flat spectrum; high is few directions. Good features tend to be near 1: neither end is good. It is the slope
    of log λᵢ on log i by least squares with weights 1/i, so that each octave of indices counts alike. Eigenvalues below
    1e-14 of the largest are rounding: the fit ends before the first of them. Costs what `effective_rank`
    does.

    Args:
        features: one row for each sample, at least two; centred here.
        first: index of the largest eigenvalue of the fit, from 1; the first ones rarely follow the law.
        last: index of the smallest, or fewer where there are not so many.

    Raises:
        ValueError: features are not finite; fewer than three eigenvalues to fit, by shape, range or collapse.

    Source: α-ReQ, Agrawal et al. 2022; the weights are Stringer et al. 2019's.
    """
    if not 1 <= first < last:
        raise ValueError(f"first and last must be indices from 1 with first < last, not {first} and {last}")
    variances = SpectralCache.of(features).variances.cpu().numpy()
    found = int((variances > 1e-14 * variances[0]).sum())
    i = np.arange(first, min(last, found) + 1)
    if len(i) < 3:
        raise ValueError(
            f"a slope needs at least the eigenvalues {first} to {first + 2}, but only {found} are above zero"
        )
    # numpy's weights are those of residuals, before they are squared.
    slope, _ = np.polyfit(np.log(i), np.log(variances[i - 1]), 1, w=i**-0.5)
    return -float(slope)


def _of_largest(values: Float64[Tensor, "M"]) -> Float64[Tensor, "M"]:
    """Shares of the largest; zeros stay zeros."""
    return values / values[0] if values[0] else values


def spectrum_shares(singular_values: Float[Tensor, "M"]) -> list[float]:
    """Singular values as shares of the largest, to four digits, as a line of the metrics holds them.

    Args:
        singular_values: largest first; zeros stay zeros.
    """
    largest = singular_values[0].clamp_min(torch.finfo(singular_values.dtype).tiny)
    return [float(f"{value:.4g}") for value in (singular_values / largest).tolist()]


def spread(rows: Float[Tensor, "N D"]) -> float:
    """Root mean square distance of rows from their mean; 0 is collapse to a point.

    Args:
        rows: features or embeddings.
    """
    return float((rows - rows.mean(0)).square().sum(1).mean().sqrt())
