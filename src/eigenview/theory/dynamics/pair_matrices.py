"""C of a contrastive and of a non-contrastive loss: L = Tr WCWᵀ for a linear f = Wx."""

import numpy as np
from jaxtyping import Float, Float64


def contrastive_matrix(
    x: Float[np.ndarray, "N d"], positives: Float[np.ndarray, "N d"], negatives: Float[np.ndarray, "N d"]
) -> Float64[np.ndarray, "d d"]:
    """C of L = Σ f(x)ᵀ(f(x⁻) − f(x⁺)): the symmetric part of Σ x(x⁻ − x⁺)ᵀ.

    Its eigenvalues are of either sign. With x⁺ around x and x⁻ another sample, its expectation is −Cov(x) a sample.

    Args:
        x: anchors, one row each.
        positives: x⁺, each anchor's partner in the same row.
        negatives: x⁻, another sample in the same row.

    Raises:
        ValueError: shapes differ, there are no rows, or a row is not finite.

    Source: dynamics, Eqs. 1 and 7, reconstructed in NOTES 4.
    """
    x, positives, negatives = _rows(x, positives, negatives)
    return _symmetric_part(x, negatives - positives)


def non_contrastive_matrix(
    x: Float[np.ndarray, "N d"], positives: Float[np.ndarray, "N d"]
) -> Float64[np.ndarray, "d d"]:
    """C of L = −Σ f(x)ᵀf(x⁺): minus the symmetric part of Σ x x⁺ᵀ.

    Args:
        x: anchors, one row each.
        positives: x⁺, each anchor's partner in the same row.

    Raises:
        ValueError: shapes differ, there are no rows, or a row is not finite.

    Source: dynamics, Eqs. 2 and 7, reconstructed in NOTES 4.
    """
    x, positives = _rows(x, positives)
    return -_symmetric_part(x, positives)


def _rows(*given: np.ndarray) -> list[Float64[np.ndarray, "N d"]]:
    rows = [np.asarray(each, dtype=np.float64) for each in given]
    if rows[0].ndim != 2 or not rows[0].size or len({each.shape for each in rows}) > 1:
        raise ValueError(f"samples must be matrices [N, d] of the same shape, not {[each.shape for each in rows]}")
    if not all(np.isfinite(each).all() for each in rows):
        raise ValueError("samples are not finite")
    return rows


def _symmetric_part(a: np.ndarray, b: np.ndarray) -> Float64[np.ndarray, "d d"]:
    with np.errstate(over="ignore", invalid="ignore"):
        M = a.T @ b
        M = (M + M.T) / 2
    if not np.isfinite(M).all():
        raise ValueError("samples are too large: their products are not finite")
    return M
