"""Device, precision, and the Fabric that training runs on."""

import logging
from typing import Any

import torch
from lightning_fabric import Fabric


def build_fabric(device: str, precision: Any) -> Fabric:
    """The Fabric of one device; it does not announce its precision, which the run's report states.

    Args:
        device: `cpu` or `cuda`.
        precision: a name that Fabric knows.
    """
    announcements = logging.getLogger("lightning_fabric.utilities.rank_zero")
    level = announcements.level
    announcements.setLevel(logging.WARNING)
    try:
        return Fabric(accelerator=device, devices=1, precision=precision)
    finally:
        announcements.setLevel(level)


def choose_precision(wanted: str, device: str) -> str:
    """The precision to compute in: `auto` is bf16-mixed on hardware with native bfloat16, else 32-true.

    Args:
        wanted: `auto`, or a name that Fabric knows, which is returned.
        device: `cpu` or `cuda`.
    """
    if wanted != "auto":
        return wanted
    if device == "cuda":
        return "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "32-true"
    # Without AVX512-BF16 or AMX, oneDNN emulates bfloat16 at a loss. torch has no public word for this yet.
    native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bf16-mixed" if native else "32-true"
