"""The layers of somebody's model, by name, and the hooks at them."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from eigenview._errors import UsageError
from eigenview._names import nearest

WRAPPERS = {"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"}
"""What DDP, torch.compile, FSDP and checkpointing add to the names of the layers that they wrap."""


def find_layer(model: nn.Module, name: str, what: str) -> nn.Module:
    """A layer of the model by its dotted name, with or without the prefixes of wrappers; '' is the model.

    Raises:
        UsageError: there is no layer of this name.
    """
    if isinstance(model, nn.DataParallel):
        raise UsageError("nn.DataParallel runs replicas that hooks cannot observe: use DDP")
    modules = dict(model.named_modules(remove_duplicate=False))
    if name in modules:
        return modules[name]
    plain: dict[str, nn.Module] = {}
    for full, module in modules.items():
        plain.setdefault(_plain(full), module)  # the outermost, which is called outside of what is compiled
    if _plain(name) not in plain:
        hint = nearest(name, filter(None, plain))
        if hint.startswith("choose"):  # all of them would fill a screen
            hint = f"its parts: {', '.join(part for part in plain if part and '.' not in part)}"
        raise UsageError(f"{what}='{name}': the model has no such layer; {hint}")
    return plain[_plain(name)]


def unwrapped(model: nn.Module) -> nn.Module:
    """The model without DDP and torch.compile around it: its own `training` is what the user last set."""
    while isinstance(model, DistributedDataParallel) or hasattr(model, "_orig_mod"):
        model = model.module if isinstance(model, DistributedDataParallel) else getattr(model, "_orig_mod")  # noqa: B009
    return model


def _plain(name: str) -> str:
    return ".".join(part for part in name.split(".") if part not in WRAPPERS)


class OutputHook:
    """A forward hook that passes on the output of a layer.

    Its copies are disabled, so that a teacher deep-copied from the model, or a model loaded from a pickle of it, is not
    mistaken for it. So is code that was compiled with the hook, once the hook is disabled.

    Args:
        record: called with the output.
    """

    def __init__(self, record: Callable[[Any], None] | None = None) -> None:
        # Not as a decorator: that would import torch's compiler together with this file.
        self._record = None if record is None else torch.compiler.disable(record)

    def __call__(self, module: nn.Module, args: Any, output: Any) -> None:
        """Called by torch after each forward pass."""
        if self._record is not None:
            self._record(output)

    def disable(self) -> None:
        """Pass on nothing from now on."""
        self._record = None

    def __reduce__(self) -> tuple[type["OutputHook"], tuple[()]]:
        return OutputHook, ()
