"""A net from its name."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from torch import nn

from eigenview._errors import UsageError
from eigenview._names import build, nearest
from eigenview.nets.convnet import ConvNet
from eigenview.nets.resnet import ResNet

NETS: Mapping[str, Callable[..., nn.Module]] = {
    "convnet": ConvNet,
    "resnet18": partial(ResNet, 18),
    "resnet34": partial(ResNet, 34),
    "resnet50": partial(ResNet, 50),
}


def build_net(name: str, options: Mapping[str, Any]) -> nn.Module:
    """The net that a recipe's `encoder` names.

    Args:
        name: one of `NETS`, `timm:NAME` where timm is installed, or an import path `module:Class`.
        options: what its constructor takes.

    Raises:
        UsageError: no such net or option, a value that the net refuses, or timm is missing.
    """
    if name.startswith("timm:"):
        return _timm_net(name.removeprefix("timm:"), options)
    net = build(name, options, NETS, "encoder")
    if not isinstance(net, nn.Module):
        raise UsageError(f"encoder '{name}' makes a {type(net).__name__}; a torch.nn.Module is needed")
    return net


def _timm_net(name: str, options: Mapping[str, Any]) -> nn.Module:
    """A net of timm's with random weights and no classifier."""
    try:
        import timm  # pyright: ignore[reportMissingImports]  # an extra
    except (ImportError, RuntimeError) as error:  # a RuntimeError from a torchvision that does not fit torch
        if isinstance(error, ImportError) and error.name == "timm":
            raise UsageError(f"encoder 'timm:{name}' needs timm: pip install 'eigenview[timm]'") from error
        raise UsageError(f"timm does not import here: {error}") from error
    if not timm.is_model(name):
        raise UsageError(f"unknown encoder 'timm:{name}': {nearest(name, timm.list_models())}")
    try:
        return timm.create_model(name, pretrained=False, num_classes=0, **options)
    except (ValueError, TypeError) as error:
        raise UsageError(f"encoder 'timm:{name}': {error}") from error
