"""Singular values that can be trusted."""

import torch
from jaxtyping import Float
from torch import Tensor


def singular_values(x: Float[Tensor, "N D"]) -> Float[Tensor, "M"]:
    """Singular values of a matrix, largest first; M = min(N, D).

    Args:
        x: any shape and floating dtype; computed in float32 or better.

    Raises:
        ValueError: x is not finite. `torch.linalg.svdvals` itself returns finite numbers for a matrix with NaN in it.
    """
    if not torch.isfinite(x).all():
        raise ValueError(f"a {x.shape[0]}×{x.shape[1]} matrix has entries that are not finite")
    with torch.autocast(x.device.type, enabled=False):
        return torch.linalg.svdvals(x if x.dtype == torch.float64 else x.float())
