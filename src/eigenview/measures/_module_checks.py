"""Nets that are asked for something of each row: what must hold of them, and the dtype that they take."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


def check_rows_stay_apart(net: Callable[[Tensor], Tensor], what: str) -> None:
    """Makes sure that a module maps each row for itself, and in the same way each time.

    Args:
        net: a module; of another function nothing can be known.
        what: what to call it in an error.

    Raises:
        ValueError: a module whose batch norm mixes rows, or whose dropout is on.
    """
    if not isinstance(net, nn.Module):
        return
    for name, module in net.named_modules():
        mixes, which = isinstance(module, nn.modules.batchnorm._BatchNorm), f"{type(module).__name__} {name!r}"
        if module.training and (mixes or isinstance(module, nn.modules.dropout._DropoutNd)):
            raise ValueError(f"{which} of the {what} is in training mode: call its eval() first")
        if mixes and module.running_mean is None:
            raise ValueError(f"{which} of the {what} keeps no running mean, so it mixes rows")


def as_taken(net: Callable[[Tensor], Tensor], rows: Tensor) -> Tensor:
    """Rows in the dtype of a module's weights; for another function in float64 if they are in that, or float32."""
    weights = net.parameters() if isinstance(net, nn.Module) else ()
    dtype = next((weight.dtype for weight in weights), torch.promote_types(rows.dtype, torch.float32))
    return rows.detach().to(dtype)
