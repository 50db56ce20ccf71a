"""The volume that a covariance spans."""

from math import log

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.distributed import all_gather, world_size
from eigenview.linalg.covariance import centred, gram


def log_det_covariance(z: Float[Tensor, "P D"], ridge: float) -> Float[Tensor, ""]:
    """The log of det(βI + Σ), Σ the sample covariance, over P − 1, of the rows of all ranks, used alike by all.

    By Cholesky in float64 (float32 where a device has none) of the smaller side, since with rows x centred, over
    √(P − 1), det(βI + xᵀx) = β^(D − P)·det(βI + xxᵀ). Ranks exchange half a D×D sum, or the rows themselves where there
    are fewer of them than D.

    Args:
        z: a rank's rows; at least two in all. What is not finite gives NaN.
        ridge: β, positive.
    """
    P, D = world_size() * z.shape[0], z.shape[1]
    x = centred(z if z.device.type == "mps" else z.double()) / (P - 1) ** 0.5
    if D <= P:
        product = gram(x)
    else:
        x = all_gather(x)
        product = x @ x.mT
    side = len(product)
    factor, failed = torch.linalg.cholesky_ex(
        product + ridge * torch.eye(side, dtype=product.dtype, device=product.device)
    )
    log_det = 2 * factor.diagonal().log().sum() + (D - side) * log(ridge)
    # A factorisation that stops early leaves finite numbers behind.
    return log_det.where((failed == 0) & product.isfinite().all(), torch.nan).to(z.dtype)
