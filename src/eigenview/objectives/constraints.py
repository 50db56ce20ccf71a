"""What may be asked of a projector's weights."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize

from eigenview._errors import UsageError
from eigenview._names import nearest


class _Scaled(nn.Module):
    """A matrix over its norm, so that a loss quadratic in it is divided by the norm's square.

    Args:
        order: of the norm: 2 is the spectral one, exactly, `fro` Frobenius's.
    """

    def __init__(self, order: int | str) -> None:
        super().__init__()
        self.order = order

    def forward(self, W: Float[Tensor, "outputs inputs"]) -> Float[Tensor, "outputs inputs"]:
        norm = torch.linalg.matrix_norm(W, self.order)
        return W / norm.where(norm > 0, 1.0)


def _orthogonal(layer: nn.Linear) -> None:
    # Cayley's map bears weight decay; the Householder form, torch's choice, keeps signs beside what is trained and
    # truncates them to integers, so that a decayed −1 becomes 0, and with it the weight.
    parametrizations.orthogonal(layer, orthogonal_map="cayley")


def _scaled(layer: nn.Linear) -> None:
    parametrize.register_parametrization(layer, "weight", _Scaled(2))


def _frobenius(layer: nn.Linear) -> None:
    parametrize.register_parametrization(layer, "weight", _Scaled("fro"))


_CONSTRAINTS: dict[str, Callable[[nn.Linear], None] | None] = {
    "none": None,
    "orthogonal": _orthogonal,
    "scaled": _scaled,
    "frobenius": _frobenius,
}


def known_constraint(name: str) -> str:
    """The name of a constraint, once it is known to be one.

    Raises:
        UsageError: it is none.
    """
    if name not in _CONSTRAINTS:
        raise UsageError(f"unknown constraint '{name}': {nearest(name, _CONSTRAINTS)}")
    return name


def constrain(projector: nn.Module, name: str) -> None:
    """Reparametrises every linear layer of a projector, for good.

    Args:
        projector: its `nn.Linear`s' weights are constrained, biases are not.
        name: `none`, `orthogonal` (orthonormal columns, or rows where they are fewer), `scaled` (spectral norm 1) or
            `frobenius` (Frobenius norm 1).

    Raises:
        UsageError: no such constraint, or no linear layer to hold to it.

    Source: dynamics, Eq. 8 (orthogonal) and Prop. 3 (scaled, layer by layer).
    """
    hold = _CONSTRAINTS[known_constraint(name)]
    if hold is None:
        return
    layers = [module for module in projector.modules() if isinstance(module, nn.Linear)]
    if not layers:
        raise UsageError(
            f"constraint '{name}' needs a projector with a linear layer: set projector.D, or omit constraint"
        )
    for layer in layers:
        hold(layer)
