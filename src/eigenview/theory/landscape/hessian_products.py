"""Products with the Hessian of a loss, whether or not it can be differentiated twice."""

import re
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, Float64
from scipy.sparse.linalg import LinearOperator
from torch import Tensor

_REFUSED = re.compile("only once|once_differentiable|not implemented")
_STEPS = 10.0 ** -np.arange(0.0, 8.0, 0.5)
_AGREEMENT = 1e-3

Loss = Callable[[Tensor], Tensor]
Weight = Float[Tensor, "D d"]


class Hessian(LinearOperator):
    """The map v ↦ Hv of vectors in float64, H the Hessian of a loss at a weight.

    Args:
        along: the same for tensors of the weight's shape.
        W: the weight.
        slope: length of the gradient there.
        error: of products, relative.
    """

    def __init__(self, along: Callable[[Weight], Weight], W: Weight, slope: float, error: float = 0.0) -> None:
        super().__init__(np.float64, (W.numel(), W.numel()))
        self.along, self.W, self.slope, self.error = along, W, slope, error

    def _matvec(self, x: Float64[np.ndarray, "..."]) -> Float64[np.ndarray, "size"]:
        direction = torch.from_numpy(np.ascontiguousarray(x, dtype=np.float64)).reshape(self.W.shape).to(self.W)
        return self.along(direction).detach().double().cpu().numpy().ravel()


def hessian_at(loss: Loss, W: Weight, generator: np.random.Generator) -> Hessian:
    """Products by second derivatives where the loss has them, else by differences of gradients.

    Raises:
        ValueError: a loss or a gradient that is not finite; a Hessian that is not; differences that agree at no step.
    """
    at = W.clone().requires_grad_()
    value = loss(at)
    gradient = torch.autograd.grad(value, at, materialize_grads=True)[0]
    if not (torch.isfinite(value) and torch.isfinite(gradient).all()):
        raise ValueError("the loss, or its gradient, is not finite at this weight")
    slope = float(gradient.norm())
    try:
        return Hessian(_twice(loss, at, generator), W, slope)
    except RuntimeError as error:
        if not _REFUSED.search(str(error)):
            raise
    along, disagreement = _by_differences(loss, W, generator)
    return Hessian(along, W, slope, disagreement)


def _twice(loss: Loss, at: Weight, generator: np.random.Generator) -> Callable[[Weight], Weight]:
    """By a second derivative, tried once; the graph of the gradient is kept."""
    (gradient,) = torch.autograd.grad(loss(at), at, create_graph=True, materialize_grads=True)
    if not gradient.requires_grad:
        return torch.zeros_like

    def along(direction: Weight) -> Weight:
        return torch.autograd.grad(gradient, at, direction, retain_graph=True, materialize_grads=True)[0]

    if not torch.isfinite(along(_unit(at, generator))).all():
        raise ValueError("second derivatives of the loss are not finite at this weight")
    return along


def _by_differences(loss: Loss, W: Weight, generator: np.random.Generator) -> tuple[Callable[[Weight], Weight], float]:
    """By central differences, and how far two steps, one twice the other, disagree along a direction drawn."""

    def gradient(at: Weight) -> Weight:
        at = at.detach().requires_grad_()
        return torch.autograd.grad(loss(at), at)[0]

    def difference(direction: Weight, step: float) -> Weight:
        return (gradient(W + step * direction) - gradient(W - step * direction)) / (2 * step)

    drawn, size = _unit(W, generator), float(W.norm()) or 1.0
    disagreements = []
    for step in size * _STEPS:
        near, far = difference(drawn, step), difference(drawn, 2 * step)
        disagreements.append(float((near - far).norm() / near.norm()) if near.norm() else np.inf)
    found = np.nan_to_num(disagreements, nan=np.inf)
    best = int(found.argmin())
    if not found[best] < _AGREEMENT:
        raise ValueError(
            "the loss cannot be differentiated twice, and differences of its gradient agree at no step: "
            f"at best to {found[best]:.1g}; is it in float64?"
        )
    step = float(size * _STEPS[best])

    def along(direction: Weight) -> Weight:
        length = float(direction.norm())
        return length * difference(direction / length, step) if length else torch.zeros_like(direction)

    return along, float(found[best])


def _unit(W: Weight, generator: np.random.Generator) -> Weight:
    drawn = torch.from_numpy(generator.normal(size=W.shape)).to(W)
    return drawn / drawn.norm()
