"""Optimizers by their names."""

from collections.abc import Callable
from functools import partial

from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from eigenview._errors import UsageError
from eigenview._names import nearest


def build_optimizer(model: nn.Module, name: str, lr: float, momentum: float, weight_decay: float) -> Optimizer:
    """The optimizer of a model; weight decay spares biases and norms (parameters with fewer than two dimensions).

    Args:
        model: the modules to train; parameters that need no gradient are left out.
        name: `sgd`, `adam` (decay is added to the gradient), `adamw` (decoupled decay), or `lars` (SGD on gradients
            scaled by .001·‖w‖/(‖∇w‖ + decay·‖w‖), except for biases and norms; its step overwrites the gradients).
        lr: learning rate.
        momentum: momentum of SGD and LARS.
        weight_decay: weight decay of parameters with at least two dimensions.

    Raises:
        UsageError: the name is not that of an optimizer.

    Source: LARS is You et al. 2017, with the learning rate outside the momentum as in SimCLR.
    """
    rules: dict[str, Callable[..., Optimizer]] = {
        "sgd": partial(SGD, momentum=momentum),
        "adam": Adam,
        "adamw": AdamW,
        "lars": partial(_lars, momentum=momentum),
    }
    if name not in rules:
        raise UsageError(f"unknown optimizer '{name}': {nearest(name, rules)}")
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return rules[name](groups, lr=lr)


def _lars(groups: list[dict], lr: float, momentum: float) -> Optimizer:
    from pytorch_optimizer import LARS  # takes half a second to import, so only where it is used

    return LARS(groups, lr=lr, momentum=momentum, trust_coefficient=1e-3)
