"""Covariances of the samples of all ranks."""

from jaxtyping import Float
from torch import Tensor

from eigenview.distributed import all_reduce_sum, all_reduce_sum_symmetric, world_size


def gram(z: Float[Tensor, "*batch P D"]) -> Float[Tensor, "*batch D D"]:
    """ZᵀZ over the rows of all ranks, each of which makes the same use of it; half a D×D matrix of traffic."""
    return all_reduce_sum_symmetric(z.mT @ z)


def centred(z: Float[Tensor, "*batch P D"]) -> Float[Tensor, "*batch P D"]:
    """A rank's rows minus the mean row of all ranks."""
    return z - all_reduce_sum(z.sum(-2, keepdim=True)) / (world_size() * z.shape[-2])


def covariance(z: Float[Tensor, "*batch P D"]) -> Float[Tensor, "*batch D D"]:
    """Sample covariance, over P − 1, of the rows of all ranks, each of which makes the same use of it.

    Args:
        z: a rank's rows; at least two in all.
    """
    return gram(centred(z)) / (world_size() * z.shape[-2] - 1)
