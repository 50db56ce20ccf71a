"""Refuses double backward for functions whose gradient is computed in the forward pass."""

import torch


def refuse_second_derivative(what: str) -> None:
    """Raises if the gradient itself is to be differentiated; call it in a backward pass that returns a stored gradient.

    Raises:
        RuntimeError: `create_graph=True`, under which the stored gradient would count as a constant.
    """
    if torch.is_grad_enabled():
        raise RuntimeError(f"{what} can be differentiated only once: its gradient is computed in the forward pass")
