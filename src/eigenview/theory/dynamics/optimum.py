"""The optimum of four equivalent constrained problems: the most negative eigenvalues of C."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from eigenview.theory.matrices import rounding, symmetric


@dataclass(frozen=True)
class Optimum:
    """The least loss under a constraint that keeps outputs orthogonal.

    Args:
        value: Tr WCWᵀ.
        W: one optimal map, with singular values 1 and 0; any rotation of its rows is another.
        rank: matrix rank of W, min(z, m) for m negative eigenvalues of C.
    """

    value: float
    W: Float64[np.ndarray, "z d"]
    rank: int


def optimum(C: Float[np.ndarray, "d d"], z: int) -> Optimum:
    """The minimum of four equivalent problems, the sum of the min(z, m) most negative eigenvalues of C.

    They are min L/‖W‖₂² (printed without the square, where it is unbounded below), min L with ‖W‖₂ ≤ 1, with
    ‖W1‖₂, ‖W2‖₂ ≤ 1, and with W1ᵀW1 = I, W2ᵀW2 = I, for which the width must be at least d + z − rank. With no negative
    eigenvalue they come to 0, but for the first, whose minimum is then the least eigenvalue, since W = 0 has no scale.

    Args:
        C: symmetric, with m eigenvalues that are negative by more than the rounding error of its dtype.
        z: number of outputs, at least 1.

    Raises:
        ValueError: C is not symmetric or not finite, or z is below 1.

    Source: dynamics, Prop. 3, after NOTES 4.
    """
    noise, C = rounding(np.asarray(C)), symmetric(C, "C")
    if z < 1:
        raise ValueError(f"z must be at least 1, not {z}")
    eigenvalues, axes = np.linalg.eigh(C)
    negative = eigenvalues < -noise * np.abs(eigenvalues).max()
    rank = min(z, int(negative.sum()))
    W = np.zeros((z, len(C)))
    W[:rank] = axes[:, :rank].T
    return Optimum(float(eigenvalues[:rank].sum()), W, rank)


def scaled_loss(W: Float[np.ndarray, "z d"], C: Float[np.ndarray, "d d"]) -> float:
    """Tr WCWᵀ/‖W‖₂², which does not depend on the scale of W.

    Args:
        W: not 0.
        C: symmetric.

    Raises:
        ValueError: W is 0, C is not symmetric, shapes do not match, or a matrix is not finite.

    Source: dynamics, Prop. 3, with the square that NOTES 4 adds.
    """
    C, W = symmetric(C, "C"), np.asarray(W, dtype=np.float64)
    if W.ndim != 2 or W.shape[1] != len(C) or not np.isfinite(W).all():
        raise ValueError(f"W must be finite and [z, d] with d = {len(C)} as in C; its shape is {W.shape}")
    if not W.any():
        raise ValueError("W is 0: the loss per squared norm is undefined")
    W = W / np.abs(W).max()  # squares of very small and very large numbers would under- or overflow
    return float(np.einsum("zd,zd->", W @ C, W) / np.linalg.norm(W, 2) ** 2)
