"""Which number format to compute in."""

import torch

from eigenview._errors import UsageError


def choose_precision(wanted: str, device: str) -> str:
    """Fabric's name for `wanted`; `auto` is bf16-mixed on hardware that computes bfloat16 itself, else 32-true.

    Args:
        wanted: `auto`, or a name that Fabric knows.
        device: `cpu` or `cuda`.
    """
    if wanted != "auto":
        return wanted
    if device == "cuda":
        return "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "32-true"
    # Without AVX512-BF16 or AMX, oneDNN emulates bfloat16 at a loss. torch has no public word for this yet.
    native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bf16-mixed" if native else "32-true"


def choose_device(wanted: str) -> str:
    """`cuda` where there is one and nothing else was asked for, else `cpu`.

    Raises:
        UsageError: `cuda` was asked for and there is none.
    """
    if wanted == "cuda" and not torch.cuda.is_available():
        raise UsageError("training.device is cuda, but torch sees no GPU: leave it at auto, or install a CUDA build")
    return ("cuda" if torch.cuda.is_available() else "cpu") if wanted == "auto" else wanted
