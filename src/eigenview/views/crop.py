"""Random-resized crops of one photograph of any size, for data-loading workers."""

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from eigenview.views.crop_boxes import crop_boxes
from eigenview.views.policy import ViewPolicy


def crop_photo(
    image: Image.Image, policy: ViewPolicy, size: int, views: int, generator: torch.Generator
) -> UInt8[Tensor, "K C S S"]:
    """Random-resized crops of one photograph; `augment_cropped` applies the rest of `policy`.

    Args:
        image: of any size; a mode other than "L" (C = 1) is converted to RGB (C = 3).
        policy: its `crop` and `ratio` are used.
        size: S, the side of a view in pixels.
        views: K.
        generator: source of random numbers, on the CPU.
    """
    if image.mode not in ("L", "RGB"):
        image = image.convert("RGB")
    crops = [
        np.asarray(image.resize((size, size), Image.Resampling.BILINEAR, box=(left, top, left + wide, top + tall)))
        for left, top, wide, tall in crop_boxes(views, image.height, image.width, policy, generator).tolist()
    ]
    pixels = torch.from_numpy(np.stack(crops)).view(views, size, size, -1)
    return pixels.permute(0, 3, 1, 2).contiguous()
