"""The device that nets run on."""

import torch

from eigenview._errors import UsageError


def default_device() -> torch.device:
    """The GPU where torch sees one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def choose_device(wanted: str) -> str:
    """The device to train on: `auto` is the default device.

    Args:
        wanted: `auto`, `cpu` or `cuda`.

    Raises:
        UsageError: `cuda` is wanted, but torch sees no GPU.
    """
    if wanted == "cuda" and not torch.cuda.is_available():
        raise UsageError("training.device is cuda, but torch sees no GPU: use auto, or install a CUDA build of torch")
    return default_device().type if wanted == "auto" else wanted
