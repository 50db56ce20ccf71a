"""A view transform of somebody else's, named `my_views:cutout`."""

import torch
from jaxtyping import Float
from torch import Tensor


def cutout(views: Float[Tensor, "N C S S"], generator: torch.Generator) -> Float[Tensor, "N C S S"]:
    """Blackens a quarter of each view, at a corner that is drawn."""
    side = views.shape[-1] // 2
    corners = torch.randint(2, (len(views), 2), generator=generator, device=views.device) * side
    views = views.clone()
    for view, (top, left) in zip(views, corners.tolist(), strict=True):
        view[:, top : top + side, left : left + side] = 0
    return views
