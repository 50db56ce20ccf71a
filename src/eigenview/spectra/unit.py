"""Rows on the unit sphere."""

import torch
from jaxtyping import Float
from torch import Tensor


def unit(z: Float[Tensor, "*batch D"]) -> Float[Tensor, "*batch D"]:
    """Rows of length one; a zero row stays zero, with the gradient of the identity there.

    Args:
        z: rows of any length. Lengths are taken in float64, where no float32 row's square overflows or vanishes.
    """
    length = torch.linalg.vector_norm(z, dim=-1, keepdim=True, dtype=torch.float64)
    return z / torch.where(length > 0, length, 1.0).to(z.dtype)
