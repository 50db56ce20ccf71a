"""Numbers of a measurement, for training and for a monitor alike."""

import torch
from jaxtyping import Float
from torch import Tensor


def spread(rows: Float[Tensor, "N D"]) -> float:
    """The root mean square distance of rows from their mean."""
    return float((rows - rows.mean(0)).square().sum(1).mean().sqrt())


def spectrum_shares(singular_values: Float[Tensor, "M"]) -> list[float]:
    """Singular values as shares of the largest, to four digits."""
    largest = singular_values[0].clamp_min(torch.finfo(singular_values.dtype).tiny)
    return [float(f"{value:.4g}") for value in (singular_values / largest).tolist()]
