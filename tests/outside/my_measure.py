"""A measure of somebody else's, named `my_measure:norm_spread`."""

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.measures import measure


@measure(meaning="relative spread of the norms of rows; 0 where all are equally long", direction="low")
def norm_spread(features: Float[Tensor, "N D"]) -> float:
    """Standard deviation of the norms of rows over their mean, at least 0.

    Costs one pass.

    Args:
        features: one row for each sample.

    Raises:
        ValueError: features are not finite.

    Source: the coefficient of variation.
    """
    norms = features.detach().double().norm(dim=1)
    if not torch.isfinite(norms).all():
        raise ValueError("features are not finite")
    return float(norms.std(correction=0) / norms.mean())
