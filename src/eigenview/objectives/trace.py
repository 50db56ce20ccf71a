"""The linear network's losses: traces of a covariance between views."""

from itertools import combinations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from eigenview.distributed import mean_over_ranks, world_size
from eigenview.linalg import center
from eigenview.objectives.base import Objective, Reference
from eigenview.objectives.constraints import constrain, known_constraint


class TraceAlignment(Objective):
    """Minus the mean inner product of a sample's views, which are not normalised.

    For K > 2 it is the mean over pairs of views. It is quadratic in z and unbounded below: the `constraint` bounds it,
    given the features, for a projector of linear layers without bias. (Biases stay free, and so do batch norms.)

    Args:
        constraint: of every linear layer of the projector: `none`, `orthogonal` (orthonormal columns, or rows where
            they are fewer), `scaled` (over its spectral norm: a single layer minimises L/‖W‖₂²) or `frobenius`.

    Raises:
        UsageError: no such constraint.

    Source: dynamics, Eqs. 2 and 8, Props. 1–3; a mean over samples where the paper has a sum.
    """

    samples_needed = 1

    def __init__(self, constraint: str = "none") -> None:
        super().__init__()
        self.constraint = known_constraint(constraint)

    def constrain(self, projector: nn.Module) -> None:
        """Puts the constraint on every linear layer.

        Raises:
            UsageError: there is none.
        """
        constrain(projector, self.constraint)

    def terms(self, z: Float[Tensor, "K P D"]) -> dict[str, Float[Tensor, ""]]:
        """`alignment`."""
        return {"alignment": -mean_over_ranks(_inner_products(z).mean())}

    def reference(self, K: int, P: int, D: int) -> Reference:
        """Collapsed to the origin it is 0; collapsed to v it is −‖v‖², without a bound."""
        self.check_shape(K, P)
        return Reference(collapsed=0.0, uniform=None, best=None)


class TraceContrastive(TraceAlignment):
    """Mean inner product of a sample's view with other samples' other view, minus that with its own.

    The paper draws one negative for each sample, ours is the mean over all other samples of the batch; then the loss is
    minus the trace of the covariance between views over P − 1, and is computed as such: of other ranks it needs sums of
    rows alone. For K > 2 it is the mean over pairs of views.

    Args:
        constraint: as for `TraceAlignment`. (A bias of the last layer makes no difference here.)

    Raises:
        UsageError: no such constraint.

    Source: dynamics, Eqs. 1, 7 and 8, Props. 1–3; a mean over samples where the paper has a sum.
    """

    samples_needed = 2

    def terms(self, z: Float[Tensor, "K P D"]) -> dict[str, Float[Tensor, ""]]:
        """`contrast`."""
        P = world_size() * z.shape[1]
        return {"contrast": -mean_over_ranks(_inner_products(center(z)).mean()) * P / (P - 1)}

    def reference(self, K: int, P: int, D: int) -> Reference:
        """Collapsed, wherever that is, a sample is as near to the others as to itself: 0."""
        return super().reference(K, P, D)


def _inner_products(z: Float[Tensor, "K P D"]) -> Float[Tensor, "pairs P"]:
    return torch.stack([(first * second).sum(-1) for first, second in combinations(z, 2)])
