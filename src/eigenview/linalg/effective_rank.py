"""Effective rank: how many directions a spectrum fills."""

import torch
from jaxtyping import Float
from torch import Tensor


def effective_rank(singular_values: Float[Tensor, "M"]) -> Float[Tensor, ""]:
    """Exponential of the entropy of normalized singular values: 1 for one direction, M for M equal ones, 0 for none.

    Args:
        singular_values: nonnegative, in any order.

    Source: RankMe, Garrido et al. 2023, Eq. 1 (1e-7 is added to each share, as there).
    """
    total = singular_values.sum()
    if total == 0:
        return torch.zeros_like(total)
    shares = singular_values / total + 1e-7
    return torch.exp(-(shares * shares.log()).sum())
