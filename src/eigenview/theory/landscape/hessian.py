"""The curvature of a loss in the weight of a last linear layer: by products with the Hessian, which is never there."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Float, Float64
from scipy.sparse.linalg import aslinearoperator, eigsh
from torch import Tensor

from eigenview.theory.landscape.hessian_products import Hessian, hessian_at

_WHOLE = 20
"""Numbers in W up to which the Hessian itself is made."""
_PRECISION = 1e-8  # of eigenvalues, as a share of the largest
_FLAT = 1e-6  # what of a curvature may be error, as a share of the largest

Loss = Callable[[Tensor], Tensor]
Weight = Float[np.ndarray, "D d"] | Float[Tensor, "D d"]


@dataclass(frozen=True)
class Curvature:
    """The loss around a weight, to second order.

    Args:
        lowest: the smallest eigenvalue of the Hessian; at the origin of a loss that rotations of embeddings leave
            alone, −2 times the largest eigenvalue of B.
        direction: the change of W, of length 1, along which the loss has this curvature; of several, one.
        largest: the largest eigenvalue in size, to a percent.
        slope: length of the gradient: where it is not 0 the weight is no stationary point.
        error: of products with the Hessian, relative: 0 if they are exact, else of the differences they were taken by.
    """

    lowest: float
    direction: Float64[np.ndarray, "D d"]
    largest: float
    slope: float
    error: float

    @property
    def stable(self) -> bool:
        """Whether the loss curves downwards along no direction, to within 1e-6 of the largest curvature."""
        return self.lowest >= -max(_FLAT, self.error) * abs(self.largest)


def curvature(loss: Loss, W: Weight, seed: int = 0) -> Curvature:
    """The lowest curvature of a loss at a weight, and along which direction.

    Products with the Hessian are second derivatives where the loss has them. Ours for InfoNCE and the nuclear norm give
    their gradient once only; then they are differences of gradients, with the step at which two estimates agree best.
    Lanczos' method asks for some dozens of them (ARPACK). Where the lowest curvature is of several directions, as
    rotations of embeddings always make it, one is found.

    Costs a gradient for each product, or two by differences, and 20 times the numbers in W.

    Args:
        loss: a differentiable function of a weight [D, d], such as `loss_of_last_layer` makes.
        W: where to look; an array is handed to the loss as a tensor in float64, a tensor as it is.
        seed: of where Lanczos' method starts.

    Raises:
        ValueError: a weight, a loss or a gradient that is not finite; differences that agree at no step.

    Source: landscape, Sec. 1.3 and Fig. 1; the Hessian at the origin is −2B for each row of W (NOTES 3).
    """
    return _curvature(loss, _as_tensor(W), seed)


def origin_curvature(loss: Loss, W: Weight, seed: int = 0) -> Curvature:
    """The lowest curvature at the origin of the layer: below 0 where some mode grows, and else the origin is stable.

    Costs what `curvature` does.

    Args:
        loss: a differentiable function of a weight [D, d], such as `loss_of_last_layer` makes.
        W: only its shape counts, and of a tensor dtype and device.
        seed: of where Lanczos' method starts.

    Raises:
        ValueError: a loss that has no value at the origin, such as one that normalises embeddings; else as `curvature`.

    Source: landscape, Thm. 1 and Sec. 1.3 (the stability of the matrix A).
    """
    origin = torch.zeros_like(_as_tensor(W))
    _needs_a_value_at(origin, loss, seed)
    return _curvature(loss, origin, seed)


def _curvature(loss: Loss, W: Float[Tensor, "D d"], seed: int) -> Curvature:
    generator = np.random.default_rng(seed)
    H = hessian_at(loss, W, generator)
    eigenvalue, largest, direction = _lowest(H, generator)
    return Curvature(eigenvalue, direction.reshape(W.shape), largest, H.slope, H.error)


def _lowest(H: Hessian, generator: np.random.Generator) -> tuple[float, float, Float64[np.ndarray, "size"]]:
    """The lowest eigenvalue, the largest in size, and the lowest one's eigenvector."""
    size = H.shape[0]
    if size <= _WHOLE:
        whole = np.stack([H.matvec(row) for row in np.eye(size)])
        eigenvalues, vectors = np.linalg.eigh((whole + whole.T) / 2)
        return float(eigenvalues[0]), float(max(eigenvalues, key=abs)), vectors[:, 0]
    start = generator.normal(size=size)
    if not H.matvec(start).any():
        return 0.0, 0.0, start / np.linalg.norm(start)
    roughly, precisely = {"v0": start, "tol": 1e-2}, {"v0": start, "tol": _PRECISION}
    largest = float(eigsh(H, k=1, which="LM", return_eigenvectors=False, **roughly)[0])
    # From above, so that precision is a share of the largest curvature also where the lowest is 0.
    shift = 2 * abs(largest)  # more than once: of a Hessian that is a multiple of the identity nothing would be left
    turned = shift * aslinearoperator(scipy.sparse.eye_array(size)) - H
    eigenvalues, vectors = eigsh(turned, k=1, which="LA", **precisely)
    return shift - float(eigenvalues[0]), largest, vectors[:, 0]


def _needs_a_value_at(origin: Float[Tensor, "D d"], loss: Loss, seed: int) -> None:
    """Makes sure that the loss tends to its value at the origin."""
    direction = torch.from_numpy(np.random.default_rng(seed).normal(size=origin.shape)).to(origin)
    direction /= direction.norm()
    with torch.no_grad():
        there = float(loss(origin))
        nearer = np.array([float(loss(10.0**-n * direction)) for n in (2, 4, 6, 8)])
    jumps = np.abs(nearer - there)
    rounding = 1e-6 * max(abs(there), float(np.abs(nearer).max()))
    if not np.isfinite(jumps).all() or (jumps[-1] > rounding and jumps[-1] > jumps.max() / 2):
        raise ValueError(
            f"the loss has no value at the origin: it is {there:.6g} there and tends to {nearer[-1]:.6g} nearby, as one"
            " that normalises embeddings does; so it has no curvature there"
        )


def _as_tensor(W: Weight) -> Float[Tensor, "D d"]:
    weight = W.detach() if isinstance(W, Tensor) else torch.from_numpy(np.array(W, dtype=np.float64))
    if weight.ndim != 2 or not weight.numel() or not torch.isfinite(weight).all():
        raise ValueError(f"W must be a finite matrix, an output a row; this is of shape {[*weight.shape]}")
    return weight
