"""Normalization of rows to unit length."""

from jaxtyping import Float
from torch import Tensor, nn


def normalize(z: Float[Tensor, "*batch D"]) -> Float[Tensor, "*batch D"]:
    """Rows scaled to unit length; a row without an entry above 1e-12 counts as zero and stays zero.

    Its gradient is of order one. `torch.nn.functional.normalize` multiplies the gradient at a zero row by 1e12, and
    returns zero for a row whose squares overflow.

    Args:
        z: rows of any length. Each is first scaled to a largest entry of 1, by a factor that the gradient ignores.
    """
    largest = z.detach().abs().amax(-1, keepdim=True)
    scaled = z / largest.where(largest > 1e-12, 1.0)
    # Every row that is not zero now has a length of at least 1, so this bound acts on the zero rows alone.
    return nn.functional.normalize(scaled, dim=-1, eps=0.5)
