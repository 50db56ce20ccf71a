"""How many directions features fill. Each measure takes features, or a `SpectralCache` of them shared with others."""

from jaxtyping import Float, Float64
from torch import Tensor

from eigenview import linalg
from eigenview.measures.spectral_cache import SpectralCache, as_cloud


def spectrum(features: Float[Tensor, "N D"] | SpectralCache) -> Float64[Tensor, "M"]:
    """Singular values of the uncentred features, largest first; M = min(N, D).

    Args:
        features: a row a sample (or a view of one); features or embeddings.

    Raises:
        ValueError: features that are not finite, or none.
    """
    return as_cloud(features).singular_values


def effective_rank(features: Float[Tensor, "N D"] | SpectralCache) -> float:
    """How many directions features fill: RankMe, between 1 (all on a line) and min(N, D) (isotropic).

    Low is dimensional collapse. Features of zeros fill none: 0. RankMe's 1e-7 a share lifts it by less
    than 2e-6 times min(N, D) of its value. Costs one SVD, or a streamed D × D Gram matrix where N·D > 2²⁰.

    Args:
        features: a row a sample; uncentred.

    Raises:
        ValueError: features that are not finite, or none.

    Source: RankMe, Garrido et al. 2023, Eq. 1.
    """
    return float(linalg.effective_rank(as_cloud(features).singular_values))


def stable_rank(features: Float[Tensor, "N D"] | SpectralCache) -> float:
    """How many directions as strong as the strongest features fill: ‖Z‖_F²/‖Z‖₂², between 1 and min(N, D).

    1 is all on a line, or an offset that outweighs the rest; min(N, D) is isotropic. Features of zeros fill none: 0.
    Unlike the effective rank, a tail of weak directions hardly moves it. Costs what `effective_rank` does.

    Args:
        features: a row a sample; uncentred.

    Raises:
        ValueError: features that are not finite, or none.

    Source: Tsitsulin et al. 2023.
    """
    return float(_of_largest(as_cloud(features).singular_values).square().sum())


def participation_ratio(features: Float[Tensor, "N D"] | SpectralCache) -> float:
    """How many directions share the variance: (Σλ)²/Σλ² over the covariance's eigenvalues, in [1, min(N − 1, D)].

    1 is variance along one line; the most is isotropic. Equal rows have no variance: 0. Isotropic Gaussian rows give
    D/(1 + D/N). Costs what `effective_rank` does.

    Args:
        features: a row a sample, two at least; centred here.

    Raises:
        ValueError: features that are not finite; fewer than two rows.

    Source: Gao et al. 2017.
    """
    shares = _of_largest(as_cloud(features).variances)
    return float(shares.sum() ** 2 / shares.square().sum()) if shares[0] else 0.0


def nesum(features: Float[Tensor, "N D"] | SpectralCache) -> float:
    """The variance in units of its strongest direction's: Σλ/λ₁ of the centred covariance, in [1, min(N − 1, D)].

    1 is variance along one line; the most is whitened features. Equal rows have no variance: 0. It is the stable rank
    of centred features. Costs what `effective_rank` does.

    Args:
        features: a row a sample, two at least; centred here.

    Raises:
        ValueError: features that are not finite; fewer than two rows.

    Source: He & Ozay 2022 (normalised eigenvalue sum).
    """
    return float(_of_largest(as_cloud(features).variances).sum())


def condition_number(features: Float[Tensor, "N D"] | SpectralCache) -> float:
    """The strongest direction over the weakest: σ₁/σ_M of the uncentred features, M = min(N, D), in [1, 1e7].

    1 is isotropic. 1e7 is singular, as are features of zeros: what is below 1e-7 of the largest is float32's rounding,
    and counts as that. Costs what `effective_rank` does.

    Args:
        features: a row a sample; uncentred.

    Raises:
        ValueError: features that are not finite, or none.

    Source: Tsitsulin et al. 2023.
    """
    return float(1 / _of_largest(as_cloud(features).singular_values)[-1].clamp_min(1e-7))


def numerical_rank(features: Float[Tensor, "N D"] | SpectralCache, tolerance: float = 0.01) -> int:
    """How many singular values of the uncentred features are at least a tolerance times the largest: 0 to min(N, D).

    Low is dimensional collapse. It is 0 for features of zeros alone. Costs what `effective_rank` does.

    Args:
        features: a row a sample; uncentred. Or a matrix of weights.
        tolerance: relative to the largest, in (0, 1]; below 1e-7 what is counted is rounding.

    Raises:
        ValueError: features that are not finite, or none; a tolerance out of range.

    Source: geometry, Eq. 2 (the tolerance, never given there, is relative here).
    """
    if not 0 < tolerance <= 1:
        raise ValueError(f"tolerance must be in (0, 1], not {tolerance}")
    return int((_of_largest(as_cloud(features).singular_values) >= tolerance).sum())


def _of_largest(values: Float64[Tensor, "M"]) -> Float64[Tensor, "M"]:
    """Shares of the largest; zeros stay zeros."""
    return values / values[0] if values[0] else values
