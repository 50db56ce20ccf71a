"""Curvature of a loss in the weight of a last linear layer, by Hessian–vector products without forming the Hessian."""

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
"""Number of entries of W up to which the Hessian itself is formed."""
_PRECISION = 1e-8  # of eigenvalues, relative to the largest
_FLAT = 1e-6  # error of a curvature, relative to the largest

Loss = Callable[[Tensor], Tensor]
Weight = Float[np.ndarray, "D d"] | Float[Tensor, "D d"]


@dataclass(frozen=True)
class Curvature:
    """The loss around a weight, to second order.

    Args:
        lowest: smallest eigenvalue of the Hessian; at the origin of a loss that is invariant to rotations of
            embeddings, −2 times the largest eigenvalue of B.
        direction: one unit direction of W with this curvature.
        largest: eigenvalue of the largest size, to a percent.
        slope: length of the gradient; the weight is a stationary point only if it is 0.
        error: relative error of Hessian–vector products: 0 if exact, else that of finite differences.
    """

    lowest: float
    direction: Float64[np.ndarray, "D d"]
    largest: float
    slope: float
    error: float

    @property
    def stable(self) -> bool:
        """Whether the loss has no negative curvature, to within 1e-6 of the largest."""
        return self.lowest >= -max(_FLAT, self.error) * abs(self.largest)


def curvature(loss: Loss, W: Weight, seed: int = 0) -> Curvature:
    """The lowest curvature of a loss at a weight, and its direction.

    Hessian–vector products are second derivatives where the loss has them. Our InfoNCE and nuclear norm can be
    differentiated only once; products are then differences of gradients, with the step at which two estimates agree
    best. The Lanczos method (ARPACK) needs some dozens of products. If several directions share the lowest curvature,
    as they do by rotation of embeddings, one is returned.

    Costs one gradient per product, or two by differences, and memory of 20 times W.

    Args:
        loss: differentiable function of a weight [D, d], such as `loss_of_last_layer` returns.
        W: weight; an array is passed to the loss as a float64 tensor, a tensor as it is.
        seed: random seed of the start vector.

    Raises:
        ValueError: the weight, the loss or a gradient is not finite, or differences agree at no step.

    Source: landscape, Sec. 1.3 and Fig. 1; the Hessian at the origin is −2B for each row of W (NOTES 3).
    """
    return _curvature(loss, _as_tensor(W), seed)


def origin_curvature(loss: Loss, W: Weight, seed: int = 0) -> Curvature:
    """The lowest curvature at the origin of the layer: negative if some mode grows, else the origin is stable.

    Costs as much as `curvature`.

    Args:
        loss: differentiable function of a weight [D, d], such as `loss_of_last_layer` returns.
        W: only its shape is used, and the dtype and device of a tensor.
        seed: random seed of the start vector.

    Raises:
        ValueError: the loss has no value at the origin, because it normalizes embeddings; else as `curvature`.

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
    """The lowest eigenvalue, the one of the largest size, and the eigenvector of the lowest."""
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
    # Shifted, so that precision is relative to the largest curvature also if the lowest is 0.
    shift = 2 * abs(largest)  # more than once, or a Hessian that is a multiple of the identity would become 0
    turned = shift * aslinearoperator(scipy.sparse.eye_array(size)) - H
    eigenvalues, vectors = eigsh(turned, k=1, which="LA", **precisely)
    return shift - float(eigenvalues[0]), largest, vectors[:, 0]


def _needs_a_value_at(origin: Float[Tensor, "D d"], loss: Loss, seed: int) -> None:
    """Checks that the loss is continuous at the origin."""
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
            " that normalizes embeddings does; so it has no curvature there"
        )


def _as_tensor(W: Weight) -> Float[Tensor, "D d"]:
    weight = W.detach() if isinstance(W, Tensor) else torch.from_numpy(np.array(W, dtype=np.float64))
    if weight.ndim != 2 or not weight.numel() or not torch.isfinite(weight).all():
        raise ValueError(f"W must be a finite matrix [outputs, inputs]; its shape is {[*weight.shape]}")
    return weight
