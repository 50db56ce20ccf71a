"""Predicting a teacher's embeddings of one view from embeddings of another."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from eigenview._errors import UsageError
from eigenview.distributed import SyncBatchNorm, mean_over_ranks
from eigenview.linalg import normalize


class Predictor(nn.Sequential):
    """An MLP from embeddings to embeddings, in the precision of what it is given.

    The last layer has a bias; a hidden one has none where batch norm would remove it.

    Args:
        D: dimensions of the embeddings.
        hidden: widths of the hidden layers (linear, batch norm, ReLU); none is a linear predictor.
        batch_norm: batch norm in hidden layers, over the rows of all ranks.

    Raises:
        UsageError: a width below 1.
    """

    def __init__(self, D: int, hidden: Sequence[int], batch_norm: bool) -> None:
        if isinstance(hidden, int):
            raise UsageError(f"hidden must be a list of widths, such as [{hidden}], not {hidden}")
        if any(width < 1 for width in (D, *hidden)):
            raise UsageError(f"a predictor needs positive widths, not {[D, *hidden, D]}")
        super().__init__()
        inputs = D
        for width in hidden:
            self.append(_Linear(inputs, width, bias=not batch_norm))
            if batch_norm:
                self.append(SyncBatchNorm(width))
            self.append(nn.ReLU())
            inputs = width
        self.append(_Linear(inputs, D))


class _Linear(nn.Linear):
    def forward(self, x: Float[Tensor, "N inputs"]) -> Float[Tensor, "N outputs"]:  # pyright: ignore[reportIncompatibleMethodOverride]
        bias = None if self.bias is None else self.bias.to(x.dtype)
        return nn.functional.linear(x, self.weight.to(x.dtype), bias)


def predicted_cosine(
    predictor: nn.Module, z: Float[Tensor, "K P D"], target: Float[Tensor, "K P D"]
) -> Float[Tensor, ""]:
    """Mean cosine of what is predicted from one view with the target of another, over ordered pairs and all ranks.

    Args:
        predictor: gets all K·P rows as one batch.
        z: embeddings, at least two views.
        target: what to predict; no gradient reaches it.
    """
    K = len(z)
    predicted = normalize(predictor(z.flatten(0, 1)).view_as(z))
    # A ReLU takes −∞ for 0.
    predicted = predicted.where(z.isfinite().all(-1, keepdim=True), torch.nan)
    aim = normalize(target.detach())
    # Over pairs of different views: over all pairs, less a view with itself.
    pairs = (predicted.sum(0) * aim.sum(0)).sum(-1) - (predicted * aim).sum((0, -1))
    return mean_over_ranks(pairs.mean()) / (K * (K - 1))
