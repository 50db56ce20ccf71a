"""The modes of a trained linear head against those that theory predicts."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from eigenview.theory.matrices import covariance


@dataclass(frozen=True)
class HeadSpectrum:
    """Actual and predicted modes of a head, as variances of embeddings.

    Args:
        actual: eigenvalues of WΣWᵀ, largest first; zeros if W has fewer rows than there are modes.
        predicted: modes of the prediction, in its own order; inf for an unbounded mode.
        along: variance of the actual embeddings along each predicted mode; equals `predicted` if W is as predicted.
        survivors: number of actual modes above the tolerance.
        predicted_survivors: number of predicted surviving modes.
        outside: share of the embeddings' variance outside the predicted surviving modes; 0 if W is 0.
        cosines: cosines of the principal angles between the leading actual and predicted modes, as many of each as
            survive in both, largest first; all 1 if one space contains the other.
        at_random: root mean square of such a cosine for independent random spaces.
    """

    actual: Float64[np.ndarray, "m"]
    predicted: Float64[np.ndarray, "m"]
    along: Float64[np.ndarray, "m"]
    survivors: int
    predicted_survivors: int
    outside: float
    cosines: Float64[np.ndarray, "s"]
    at_random: float


def head_spectrum(
    W: Float[np.ndarray, "D inputs"],
    sigma: Float[np.ndarray, "d d"],
    modes: Float[np.ndarray, "m"],
    directions: Float[np.ndarray, "d m"],
    tolerance: float = 1e-3,
) -> HeadSpectrum:
    """Compares the actual spectrum of H = Σ^½WᵀWΣ^½ with a predicted one, and the spaces that they span.

    A prediction is `solve_beta_infonce(A0, C, β, D)` or `EffectiveLandscape.minimum(D)`, for A0 and C of the head's
    inputs (`view_covariances`), with D the rows of W: pass its `modes` and `directions`. It assumes fixed Gaussian
    inputs of the head.

    Args:
        W: weight of the head as in torch, one row per output.
        sigma: Σ = A0 + C, the covariance of its inputs.
        modes: predicted eigenvalues of H.
        directions: G with GᵀΣG = 1, one column per mode, including those that collapse.
        tolerance: an actual mode survives above this share of the largest, since training never fully converges.

    Raises:
        ValueError: shapes do not match, a number is not finite, Σ is not a covariance, directions are not orthonormal
            in the metric of Σ, a mode is negative, or tolerance is not in [0, 1).

    Source: landscape, Thm. 1 (WᵀW up to a rotation of W), after NOTES 3.
    """
    sigma, weight, G, predicted = _checked(W, sigma, directions, modes)
    if not 0 <= tolerance < 1:
        raise ValueError(f"tolerance must be from 0 to below 1, not {tolerance}")
    # In the basis Σ^½G the prediction is diagonal, and H is this:
    embedded = weight @ sigma @ G
    eigenvalues, axes = np.linalg.eigh(embedded.T @ embedded)
    actual, axes = np.maximum(eigenvalues[::-1], 0.0), axes[:, ::-1]
    along, kept = np.square(embedded).sum(0), predicted > 0
    survivors = int((actual > tolerance * actual.max(initial=0.0)).sum())
    shared = min(survivors, int(kept.sum()))
    leading = np.argsort(-predicted, kind="stable")[:shared]
    cosines = np.linalg.svd(axes[leading, :shared], compute_uv=False) if shared else np.zeros(0)
    return HeadSpectrum(
        actual=actual,
        predicted=predicted,
        along=along,
        survivors=survivors,
        predicted_survivors=int(kept.sum()),
        outside=float(along[~kept].sum() / along.sum()) if along.any() else 0.0,
        cosines=np.minimum(cosines, 1.0),
        at_random=float(np.sqrt(shared / len(predicted))),
    )


def _checked(
    W: np.ndarray, sigma: np.ndarray, directions: np.ndarray, modes: np.ndarray
) -> tuple[
    Float64[np.ndarray, "d d"], Float64[np.ndarray, "D d"], Float64[np.ndarray, "d m"], Float64[np.ndarray, "m"]
]:
    sigma = covariance(sigma, "Σ")
    weight, G, predicted = (np.asarray(given, dtype=np.float64) for given in (W, directions, modes))
    if weight.shape[1:] != sigma.shape[1:] or G.shape != (len(sigma), *predicted.shape) or not predicted.size:
        raise ValueError(
            f"shapes do not match: W {weight.shape}, Σ {sigma.shape}, directions {G.shape}, modes {predicted.shape}"
        )
    if not (np.isfinite(weight).all() and np.isfinite(G).all()):
        raise ValueError("W or directions are not finite")
    if not (predicted >= 0).all():
        raise ValueError("modes must be 0 or more")
    off = np.abs(G.T @ sigma @ G - np.eye(len(predicted))).max()
    if off > 1e-6:
        raise ValueError(f"directions must be orthonormal in the metric of Σ: GᵀΣG is off the identity by {off:.2g}")
    return sigma, weight, G, predicted
