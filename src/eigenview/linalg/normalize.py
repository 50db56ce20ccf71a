"""Rows on the unit sphere."""

from jaxtyping import Float
from torch import Tensor, nn


def normalize(z: Float[Tensor, "*batch D"]) -> Float[Tensor, "*batch D"]:
    """Rows of length one; a row with nothing above 1e-12 counts as zero, and stays there with a gradient of order one.

    `normalize` alone multiplies the gradient at a zero row by 1e12, and makes a row zero whose squares overflow.

    Args:
        z: rows of any length. Each is first scaled to a largest entry of 1, by a factor constant to the gradient.
    """
    largest = z.detach().abs().amax(-1, keepdim=True)
    scaled = z / largest.where(largest > 1e-12, 1.0)
    # Every row that is not zero now has a length of at least 1, so this bound acts on the zero rows alone.
    return nn.functional.normalize(scaled, dim=-1, eps=0.5)
