"""What theory asks of the matrices that it is given."""

import numpy as np
from jaxtyping import Float, Float64

_ROUNDING = {np.dtype(np.float16): 1e-2, np.dtype(np.float32): 1e-6}  # of the largest number, by the input's dtype
_ROUNDING_OF_OTHERS = 1e-9


def symmetric(A: Float[np.ndarray, "d d"], name: str) -> Float64[np.ndarray, "d d"]:
    """The matrix in float64, and symmetric to the last bit.

    Args:
        A: symmetric to within rounding of its dtype.
        name: what to call it in an error.

    Raises:
        ValueError: a matrix that is not square, not finite, or not symmetric.
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
    """The matrix in float64, symmetric to the last bit; it may be singular.

    Args:
        A: symmetric with no negative eigenvalue, to within rounding of its dtype.
        name: what to call it in an error.

    Raises:
        ValueError: a matrix that is not square, not finite, not symmetric, or indefinite.
    """
    matrix = symmetric(A, name)
    eigenvalues = np.linalg.eigvalsh(matrix)
    if eigenvalues[0] < -rounding(np.asarray(A)) * max(eigenvalues[-1], 0.0):
        raise ValueError(f"{name} is not a covariance: it has the eigenvalue {eigenvalues[0]:.3g}")
    return matrix


def same_size(**matrices: np.ndarray) -> None:
    """Makes sure that square matrices have one size.

    Raises:
        ValueError: they have not.
    """
    if len({matrix.shape for matrix in matrices.values()}) > 1:
        shapes = ", ".join(f"{name} {matrix.shape}" for name, matrix in matrices.items())
        raise ValueError(f"matrices must have one size, not {shapes}")


def layer(W: Float[np.ndarray, "D d"], inputs: int) -> Float64[np.ndarray, "D d"]:
    """The weight of a linear layer in float64.

    Args:
        W: an output a row.
        inputs: columns that it must have.

    Raises:
        ValueError: a weight that is not finite, or of other inputs.
    """
    weight = np.asarray(W, np.float64)
    if weight.ndim != 2 or weight.shape[1] != inputs or not np.isfinite(weight).all():
        raise ValueError(f"W must be finite, of {inputs} inputs and an output a row; this is of shape {weight.shape}")
    return weight


def rounding(given: np.ndarray) -> float:
    """What of a matrix's largest number may be rounding, by its dtype."""
    return _ROUNDING.get(given.dtype, _ROUNDING_OF_OTHERS)
