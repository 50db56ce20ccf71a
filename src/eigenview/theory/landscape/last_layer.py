"""The loss of a network as a function of its last linear layer alone."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

Weight = Float[np.ndarray, "D d"] | Float[Tensor, "D d"]


def loss_of_last_layer(
    objective: Callable[[Tensor], Tensor],
    inputs: Float[Tensor, "K P d"] | Float[np.ndarray, "K P d"],
    decay: float = 0.0,
    bias: Float[Tensor, "D"] | None = None,
) -> Callable[[Weight], Float[Tensor, ""]]:
    """The function W ↦ objective(inputs Wᵀ + bias) + γ‖W‖², with everything below the layer fixed.

    Computed in float64, with a gradient if W requires one; inputs are stored as given and moved to the device of W.

    Args:
        objective: function from embeddings z[K, P, D] to a loss.
        inputs: inputs of the layer, views first.
        decay: γ, half of SGD's weight decay.
        bias: bias of the layer, if it has one.

    Raises:
        ValueError: inputs are not finite, empty, or not [K, P, d].
    """
    x = torch.as_tensor(inputs).detach()
    if x.ndim != 3 or not x.numel() or not torch.isfinite(x).all():
        raise ValueError(f"inputs must be finite, not empty, and [K, P, d]; their shape is {[*x.shape]}")

    def loss(W: Weight) -> Float[Tensor, ""]:
        weight = torch.as_tensor(W).double()
        z = x.to(weight) @ weight.T
        embeddings = z if bias is None else z + bias.detach().to(z)
        return objective(embeddings) + decay * weight.square().sum()

    return loss
