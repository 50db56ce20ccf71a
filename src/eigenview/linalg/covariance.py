"""Gram matrices, covariances and their log-determinants: of the rows of all processes, or of one large matrix."""

from dataclasses import dataclass
from math import log

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from eigenview.distributed import all_gather, all_reduce_sum, all_reduce_sum_symmetric, world_size
from eigenview.linalg.chunking import row_blocks


def gram(z: Float[Tensor, "*batch P D"]) -> Float[Tensor, "*batch D D"]:
    """ZᵀZ over the rows of all processes, for identical use; half a D×D matrix of traffic."""
    return all_reduce_sum_symmetric(z.mT @ z)


def center(z: Float[Tensor, "*batch P D"]) -> Float[Tensor, "*batch P D"]:
    """This process's rows minus the mean row of all processes."""
    return z - all_reduce_sum(z.sum(-2, keepdim=True)) / (world_size() * z.shape[-2])


def covariance(z: Float[Tensor, "*batch P D"]) -> Float[Tensor, "*batch D D"]:
    """Sample covariance (over P − 1) of the rows of all processes, for identical use.

    Args:
        z: this process's rows; at least two over all processes.
    """
    return gram(center(z)) / (world_size() * z.shape[-2] - 1)


def log_det_covariance(z: Float[Tensor, "P D"], ridge: float) -> Float[Tensor, ""]:
    """Log-determinant of βI + Σ, Σ the sample covariance (over P − 1) of the rows of all processes, for identical use.

    By Cholesky in float64 (float32 on a device without it) of the smaller side: for centered rows x, divided by
    √(P − 1), det(βI + xᵀx) = β^(D − P)·det(βI + xxᵀ). Processes exchange half a D×D sum, or the rows themselves where
    there are fewer of them than D.

    Args:
        z: this process's rows; at least two over all processes. A value that is not finite gives NaN.
        ridge: β, positive.
    """
    P, D = world_size() * z.shape[0], z.shape[1]
    x = center(z if z.device.type == "mps" else z.double()) / (P - 1) ** 0.5
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
    # A factorization that stops early leaves finite numbers behind.
    return log_det.where((failed == 0) & product.isfinite().all(), torch.nan).to(z.dtype)


@dataclass(frozen=True)
class Moments:
    """First and second moments of the rows of a matrix.

    Args:
        N: number of rows.
        mean: of the rows.
        gram: XᵀX of the rows as they are.
        scatter: XᵀX of the centered rows.
    """

    N: int
    mean: Float64[Tensor, "D"]
    gram: Float64[Tensor, "D D"]
    scatter: Float64[Tensor, "D D"]


def moments(x: Float[Tensor, "N D"], what: str = "features") -> Moments:
    """Mean, Gram matrix and scatter of the rows in float64, in two passes that take 128 MiB above two D×D matrices.

    Equal rows have a scatter of exactly zero.

    Args:
        x: at least one row.
        what: name of x in an error.

    Raises:
        ValueError: a row is not finite, or x is empty.
    """
    if not x.numel():
        raise ValueError(f"{what} of {x.shape[0]} × {x.shape[1]} are empty")
    origin = x[0].detach().double()
    mean = origin + torch.stack([block.sub_(origin).sum(0) for block in row_blocks(x, what)]).sum(0) / len(x)
    scatter = x.new_zeros(x.shape[1], x.shape[1], dtype=torch.float64)
    for block in row_blocks(x, what):
        block -= mean
        scatter.addmm_(block.mT, block)
    return Moments(len(x), mean, scatter + len(x) * torch.outer(mean, mean), scatter)
