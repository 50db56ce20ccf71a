"""Boxes of random-resized crops, sampled many at once."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.views.policy import ViewPolicy

_TRIES = 10


def crop_boxes(
    count: int, height: int, width: int, policy: ViewPolicy, generator: torch.Generator
) -> Float[Tensor, "N 4"]:
    """Boxes of random area, aspect ratio and position in an image, distributed as torchvision's RandomResizedCrop.

    Area and log-aspect are uniform, resampled up to ten times until the box fits; otherwise the box is the largest
    centered box of a permitted aspect (the whole image, if its own aspect is permitted). Edges are not rounded to whole
    pixels, but no side is shorter than one.

    Args:
        count: N, the number of boxes.
        height: of the image, in pixels.
        width: of the image, in pixels.
        policy: its `crop` and `ratio` are used.
        generator: source of random numbers; the boxes are on its device.

    Returns:
        (left, top, width, height) of each box, in pixels.
    """
    uniform = torch.rand(count, 2 * _TRIES + 2, generator=generator, device=generator.device)
    least, most = policy.crop
    area = height * width * (least + (most - least) * uniform[:, :_TRIES])
    low, high = (math.log(r) for r in policy.ratio)
    root_ratio = torch.exp(0.5 * (low + (high - low) * uniform[:, _TRIES : 2 * _TRIES]))
    side = area.sqrt()
    wide, tall = side * root_ratio, side / root_ratio

    fits = (wide <= width) & (tall <= height)
    first = fits.int().argmax(1, keepdim=True)
    some, place = fits.any(1), uniform[:, 2 * _TRIES :]
    ratio = min(max(width / height, policy.ratio[0]), policy.ratio[1])
    whole_wide, whole_tall = min(width, height * ratio), min(height, width / ratio)
    wide = torch.where(some, wide.gather(1, first)[:, 0], whole_wide).clamp_(min=1.0)
    tall = torch.where(some, tall.gather(1, first)[:, 0], whole_tall).clamp_(min=1.0)
    place = torch.where(some[:, None], place, 0.5)
    return torch.stack([place[:, 0] * (width - wide), place[:, 1] * (height - tall), wide, tall], dim=1)
