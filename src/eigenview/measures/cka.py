"""How alike two sets of features of the same samples are."""

from jaxtyping import Float, Float64
from torch import Tensor

from eigenview.linalg import Moments, moments, row_blocks, smaller_gram


def linear_cka(x: Float[Tensor, "N D"], y: Float[Tensor, "M E"]) -> float:
    """Linear centred kernel alignment ‖YᵀX‖_F²/(‖XᵀX‖_F‖YᵀY‖_F), between layers, runs or checkpoints; in [0, 1].

    1 is the same features but for rotation, scale and offset; 0 is none in common, and what features that do not vary
    have with any. A general linear map lowers it: strong directions count most. It is biased upwards where N is not
    well above D: independent isotropic features are at √(D·E/((N + D)(N + E))). Costs D × D, E × E and D × E products
    in two passes, or N × N ones where N is below D or E.

    Args:
        x: one row for each sample, at least two.
        y: a row for each of the same samples in the same order; any number of dimensions.

    Raises:
        ValueError: x or y is not finite; fewer than two rows, or not as many.

    Source: Kornblith et al. 2019, Eq. 4.
    """
    if len(x) != len(y):
        raise ValueError(f"both sets must hold the same samples, not {len(x)} and {len(y)} rows")
    if len(x) < 2 or not x.shape[1] or not y.shape[1]:
        raise ValueError(f"centred features need at least two rows and a dimension, not {[*x.shape]} and {[*y.shape]}")
    if len(x) >= max(x.shape[1], y.shape[1]):
        of_x, of_y = moments(x), moments(y)
        shared = _cross(x, of_x, y, of_y).square().sum()
        own = of_x.scatter.norm() * of_y.scatter.norm()
    else:
        of_x, of_y = _sample_gram(x), _sample_gram(y)
        shared, own = (of_x * of_y).sum(), of_x.norm() * of_y.norm()
    return min(1.0, max(0.0, float(shared / own))) if own else 0.0


def _cross(x: Float[Tensor, "N D"], of_x: Moments, y: Float[Tensor, "N E"], of_y: Moments) -> Float64[Tensor, "D E"]:
    """XᵀY of the centred rows; that they are finite, their moments know."""
    product = of_x.mean.new_zeros(x.shape[1], y.shape[1])
    start = 0
    for rows in row_blocks(x):
        others = y[start : start + len(rows)].detach().double()
        product.addmm_((rows - of_x.mean).mT, others - of_y.mean)
        start += len(rows)
    return product


def _sample_gram(x: Float[Tensor, "N D"]) -> Float64[Tensor, "N N"]:
    """XXᵀ of the centred rows."""
    if x.shape[1] > len(x):
        return smaller_gram(x, centered=True)
    centred = x.detach().double() - moments(x).mean
    return centred @ centred.mT
