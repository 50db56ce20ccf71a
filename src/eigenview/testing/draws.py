"""Random tensors that are the same at every call, for tests."""

import torch
from torch import Tensor

NOT_FINITE = (float("nan"), float("inf"), -float("inf"))


def gaussian(*shape: int, seed: int = 0) -> Tensor:
    """Independent standard Gaussian numbers in float64, the same at every call."""
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def rotation(D: int) -> Tensor:
    """An orthogonal D × D matrix in float64, the same at every call."""
    return torch.linalg.qr(gaussian(D, D, seed=7)).Q


def permuted(x: Tensor, dim: int) -> Tensor:
    """The tensor with the entries of one dimension in another order, the same at every call."""
    order = torch.randperm(x.shape[dim], generator=torch.Generator().manual_seed(3))
    return x.index_select(dim, order)
