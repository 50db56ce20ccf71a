"""Bounds on the entropy of a mixture of normal laws, each with its own covariance."""

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from jaxtyping import Float, Float64
from scipy.special import logsumexp

from eigenview.theory.matrices import symmetric

_BYTES = 64 * 2**20
_ROUNDING = 1e-14
"""Eigenvalues below this share of the largest are rounding errors, whose logarithm is meaningless."""


@dataclass(frozen=True)
class MixtureEntropy:
    """Bounds in nats on the entropy H of a mixture of normal laws: components ≤ lower ≤ H ≤ upper, log_det.

    H − components is the information that a sample holds about its component.

    Args:
        components: Σ_i c_i h_i, the mean entropy of the components.
        lower: from Chernoff's α-divergences; at α = ½ Bhattacharyya's.
        upper: from KL divergences.
        log_det: the entropy of the normal law with the mixture's covariance, ½ log det 2πeΣ_Z: an upper bound.
        diagonal: the same without correlations, ½ Σ_k log 2πe(Σ_Z)_kk, at least `log_det`.
    """

    components: float
    lower: float
    upper: float
    log_det: float
    diagonal: float


def mixture_entropy(
    means: Float[np.ndarray, "N D"],
    covariances: Float[np.ndarray, "N D D"],
    weights: Float[np.ndarray, "N"] | None = None,
    alpha: float = 0.5,
    ridge: float = 0.0,
) -> MixtureEntropy:
    """Bounds on the entropy of Σ_i c_i N(μ_i, Σ_i).

    Σ_i c_i h_i − Σ_i c_i log Σ_j c_j exp(−d_ij), j = i included, is at least the entropy for d = KL, and at most the
    entropy for Chernoff's d = −log ∫ p_i^α p_j^{1−α}, any α in [0, 1]. Both are exact where components are the same,
    and where they are far apart.

    Costs about 2·N²D³ operations and 64 MiB.

    Args:
        means: μ_i.
        covariances: Σ_i, positive definite once the ridge is added.
        weights: c_i, which sum to 1; equal by default.
        alpha: α.
        ridge: β, a variance that is added to each Σ_i (so that the bounds are those of features with as much noise):
            a net that maps the noise into fewer than D dimensions gives features no density, and an entropy of −∞.

    Raises:
        ValueError: shapes do not match, an array is empty or not finite, a covariance is not symmetric or not positive
            definite to rounding, weights are negative or do not sum to 1, α is out of range, or ridge is negative
            or not finite.

    Source: Kolchinsky & Tracey 2017; information (NOTES 5).
    """
    mu, Sigma = _checked(means, covariances, ridge)
    c = _weights(weights, len(mu))
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must be between 0 and 1, not {alpha}")
    mu, Sigma, c = mu[c > 0], Sigma[c > 0], c[c > 0]
    L = _cholesky(Sigma, "covariances[{}]")
    log_det = 2 * np.log(np.diagonal(L, axis1=1, axis2=2)).sum(1)
    D = mu.shape[1]
    constant = D * np.log(2 * np.pi * np.e)
    components = float(c @ (constant + log_det) / 2)
    upper = components - float(c @ logsumexp(-_kl(mu, L, log_det), axis=1, b=c))
    lower = components - float(c @ logsumexp(-_chernoff(mu, Sigma, log_det, alpha), axis=1, b=c))
    away = mu - c @ mu
    whole = np.tensordot(c, Sigma, 1) + (c[:, None] * away).T @ away
    of_whole = 2 * np.log(np.diagonal(_cholesky(whole[None], "the mixture's covariance")[0])).sum()
    return MixtureEntropy(
        components, lower, upper, float(constant + of_whole) / 2, float(constant + np.log(np.diagonal(whole)).sum()) / 2
    )


def _kl(
    mu: Float64[np.ndarray, "N D"], L: Float64[np.ndarray, "N D D"], log_det: Float64[np.ndarray, "N"]
) -> Float64[np.ndarray, "N N"]:
    """½[log|Σ_j|/|Σ_i| + Tr Σ_j⁻¹Σ_i + Δᵀ Σ_j⁻¹Δ − D], by columns j: the trace is ‖L_j⁻¹L_i‖²."""
    N, D = mu.shape
    divergence = np.empty((N, N))
    rows = max(1, _BYTES // (24 * D * (D + 1)))
    for start in range(0, N, rows):
        some = slice(start, start + rows)
        factors = L[some].transpose(1, 0, 2).reshape(D, -1)
        for j in range(N):
            both = np.hstack([factors, (mu[some] - mu[j]).T])
            squares = np.square(scipy.linalg.solve_triangular(L[j], both, lower=True, check_finite=False)).sum(0)
            split = factors.shape[1]
            divergence[some, j] = squares[:split].reshape(-1, D).sum(1) + squares[split:]
    return np.maximum(0, divergence - D + log_det - log_det[:, None]) / 2


def _chernoff(
    mu: Float64[np.ndarray, "N D"],
    Sigma: Float64[np.ndarray, "N D D"],
    log_det: Float64[np.ndarray, "N"],
    alpha: float,
) -> Float64[np.ndarray, "N N"]:
    """½α(1 − α) Δᵀ Σ̄⁻¹Δ + ½ log |Σ̄| − ½(1 − α) log |Σ_i| − ½α log |Σ_j|, with Σ̄ = (1 − α)Σ_i + αΣ_j."""
    N, D = mu.shape
    distance = np.empty((N, N))
    columns = max(1, _BYTES // (24 * D * (D + 1)))
    for start in range(0, N, columns):
        some = slice(start, start + columns)
        for i in range(N):
            between, delta = (1 - alpha) * Sigma[i] + alpha * Sigma[some], mu[some] - mu[i]
            L = np.linalg.cholesky(between)
            quadratic = (delta * np.linalg.solve(between, delta[..., None])[..., 0]).sum(1)
            determinant = 2 * np.log(np.diagonal(L, axis1=1, axis2=2)).sum(1)
            mixed = determinant - (1 - alpha) * log_det[i] - alpha * log_det[some]
            distance[i, some] = (alpha * (1 - alpha) * quadratic + mixed) / 2
    return np.maximum(0, distance)


def _checked(
    means: np.ndarray, covariances: np.ndarray, ridge: float
) -> tuple[Float64[np.ndarray, "N D"], Float64[np.ndarray, "N D D"]]:
    mu, Sigma = np.asarray(means, dtype=np.float64), np.asarray(covariances, dtype=np.float64)
    if mu.ndim != 2 or not mu.size or Sigma.shape != (*mu.shape, mu.shape[1]):
        raise ValueError(f"means [N, D] and covariances [N, D, D] are of shapes {mu.shape} and {Sigma.shape}")
    if not (np.isfinite(mu).all() and np.isfinite(Sigma).all()):
        raise ValueError("means or covariances are not finite")
    if not 0 <= ridge < np.inf:
        raise ValueError(f"ridge must be finite and at least 0, not {ridge}")
    exactly = np.stack([symmetric(matrix, f"covariances[{i}]") for i, matrix in enumerate(covariances)])
    return mu, exactly + ridge * np.eye(mu.shape[1])


def _weights(weights: np.ndarray | None, N: int) -> Float64[np.ndarray, "N"]:
    if weights is None:
        return np.full(N, 1 / N)
    c = np.asarray(weights, dtype=np.float64)
    if c.shape != (N,) or not (c >= 0).all() or not abs(c.sum() - 1) < 1e-6:
        raise ValueError(f"weights must be {N} numbers, 0 or more, that sum to 1")
    return c / c.sum()


def _cholesky(Sigma: Float64[np.ndarray, "N D D"], name: str) -> Float64[np.ndarray, "N D D"]:
    """Lower triangular factors.

    Raises:
        ValueError: a matrix is not positive definite, to rounding.
    """
    smallest, *_, largest = np.linalg.eigvalsh(Sigma).T if Sigma.shape[1] > 1 else (Sigma[:, 0, 0],) * 2
    singular = smallest <= _ROUNDING * largest
    if singular.any():
        i = int(singular.argmax())
        raise ValueError(
            f"{name.format(i)} is not positive definite: its eigenvalues reach from {smallest[i]:.3g} to "
            f"{largest[i]:.3g}, and a singular covariance has entropy −∞; pass a ridge to add noise to all dimensions"
        )
    return np.linalg.cholesky(Sigma)
