"""Checks of the matrices that theory takes, and which of their numbers are rounding errors."""

import numpy as np
from jaxtyping import Float, Float64

EIGENVALUE_ROUNDING = 1e-9
"""What an eigensolver in float64 may leave of a zero eigenvalue, with a margin, relative to the largest in size."""

_ROUNDING = {np.dtype(np.float16): 1e-2, np.dtype(np.float32): 1e-6}  # relative to the largest entry, by input dtype


def symmetric(A: Float[np.ndarray, "d d"], name: str) -> Float64[np.ndarray, "d d"]:
    """The matrix in float64, symmetric to the last bit.

    Args:
        A: symmetric to within rounding of its dtype.
        name: name of A in an error.

    Raises:
        ValueError: A is not square, not finite, or not symmetric.
    """
    given = np.asarray(A)
    if given.ndim != 2 or given.shape[0] != given.shape[1] or not given.size:
        raise ValueError(f"{name} must be a square matrix, not of shape {given.shape}")
    matrix = given.astype(np.float64)
    if not np.isfinite(matrix).all():
        raise ValueError(f"{name} is not finite")
    asymmetry, size = np.abs(matrix - matrix.T).max(), np.abs(matrix).max()
    if asymmetry > rounding(given) * size:
        raise ValueError(f"{name} must be symmetric: it differs from its transpose by {asymmetry:.2g} at {size:.2g}")
    return (matrix + matrix.T) / 2


def covariance(A: Float[np.ndarray, "d d"], name: str) -> Float64[np.ndarray, "d d"]:
    """The positive semidefinite matrix in float64, symmetric to the last bit.

    Args:
        A: symmetric without a negative eigenvalue, to within rounding of its dtype.
        name: name of A in an error.

    Raises:
        ValueError: A is not square, not finite, not symmetric, or has a negative eigenvalue.
    """
    matrix = symmetric(A, name)
    eigenvalues = np.linalg.eigvalsh(matrix)
    if eigenvalues[0] < -rounding(np.asarray(A)) * max(eigenvalues[-1], 0.0):
        raise ValueError(f"{name} is not a covariance: it has a negative eigenvalue, {eigenvalues[0]:.3g}")
    return matrix


def same_size(**matrices: np.ndarray) -> None:
    """Checks that square matrices have the same size.

    Raises:
        ValueError: sizes differ.
    """
    if len({matrix.shape for matrix in matrices.values()}) > 1:
        shapes = ", ".join(f"{name} {matrix.shape}" for name, matrix in matrices.items())
        raise ValueError(f"matrices must have the same size, not {shapes}")


def layer(W: Float[np.ndarray, "D d"], inputs: int) -> Float64[np.ndarray, "D d"]:
    """The weight of a linear layer in float64.

    Args:
        W: one row per output.
        inputs: number of columns that W must have.

    Raises:
        ValueError: W is not finite, or has another number of columns.
    """
    weight = np.asarray(W, np.float64)
    if weight.ndim != 2 or weight.shape[1] != inputs or not np.isfinite(weight).all():
        raise ValueError(f"W must be finite and [outputs, {inputs}]; its shape is {weight.shape}")
    return weight


def rounding(given: np.ndarray) -> float:
    """Rounding error of a matrix's entries, relative to its largest entry, by its dtype."""
    return _ROUNDING.get(given.dtype, EIGENVALUE_ROUNDING)


def significant(
    eigenvalues: Float64[np.ndarray, "*batch"], scale: float | None = None
) -> Float64[np.ndarray, "*batch"]:
    """The eigenvalues, with those that are rounding errors set to 0.

    Args:
        eigenvalues: of a symmetric matrix, in any order.
        scale: size of an eigenvalue that is certainly not rounding; by default the largest in size.
    """
    scale = float(np.abs(eigenvalues).max(initial=0.0)) if scale is None else scale
    return np.where(np.abs(eigenvalues) > EIGENVALUE_ROUNDING * scale, eigenvalues, 0.0)
