"""Gradients that are worked out in the forward pass, and so cannot be differentiated again."""

import torch


def refuse_second_derivative(what: str) -> None:
    """To be called in a backward pass whose result must not be taken for a function of the input.

    Raises:
        RuntimeError: a graph of the gradient is asked for (`create_graph=True`), in which it would stand as a constant.
    """
    if torch.is_grad_enabled():
        raise RuntimeError(f"{what} can be differentiated only once: its gradient is worked out in the forward pass")
