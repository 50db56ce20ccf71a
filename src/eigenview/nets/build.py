"""Builds an encoder's net from its name."""

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
    """The net named by a recipe's `encoder`.

    Args:
        name: one of `NETS`, `timm:NAME` where timm is installed, or an import path `module:Class`.
        options: keyword arguments of its constructor.

    Raises:
        UsageError: the net or an option is unknown, the net refuses a value, or timm is missing.
    """
    if name.startswith("timm:"):
        return _timm_net(name.removeprefix("timm:"), options)
    net = build(name, options, NETS, "encoder")
    if not isinstance(net, nn.Module):
        raise UsageError(f"encoder '{name}' returns a {type(net).__name__}; it must return a torch.nn.Module")
    return net


def _timm_net(name: str, options: Mapping[str, Any]) -> nn.Module:
    """A timm model with random weights and without a classifier."""
    try:
        import timm  # pyright: ignore[reportMissingImports]  # an extra
    except (ImportError, RuntimeError) as error:  # a RuntimeError from a torchvision that does not fit torch
        if isinstance(error, ImportError) and error.name == "timm":
            raise UsageError(f"encoder 'timm:{name}' needs timm: pip install 'eigenview[timm]'") from error
        raise UsageError(f"timm cannot be imported: {error}") from error
    if not timm.is_model(name):
        raise UsageError(f"unknown encoder 'timm:{name}': {nearest(name, timm.list_models())}")
    try:
        return timm.create_model(name, pretrained=False, num_classes=0, **options)
    except (ValueError, TypeError) as error:
        raise UsageError(f"encoder 'timm:{name}': {error}") from error
