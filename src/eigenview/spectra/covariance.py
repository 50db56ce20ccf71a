"""Covariances of the samples of all ranks."""

from jaxtyping import Float
from torch import Tensor

from eigenview.parallel import ranks, total, total_symmetric


def gram(z: Float[Tensor, "*batch P D"]) -> Float[Tensor, "*batch D D"]:
    """ZᵀZ over the rows of all ranks, each of which makes the same use of it; half a D×D matrix of traffic."""
    return total_symmetric(z.mT @ z)


def centred(z: Float[Tensor, "*batch P D"]) -> Float[Tensor, "*batch P D"]:
    """A rank's rows minus the mean row of all ranks."""
    return z - total(z.sum(-2, keepdim=True)) / (ranks() * z.shape[-2])


def covariance(z: Float[Tensor, "*batch P D"]) -> Float[Tensor, "*batch D D"]:
    """Sample covariance, over P − 1, of the rows of all ranks, each of which makes the same use of it.

    Args:
        z: a rank's rows; at least two in all.
    """
    return gram(centred(z)) / (ranks() * z.shape[-2] - 1)
