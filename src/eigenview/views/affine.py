"""Crop, flip and rotation of a view as one affine map, and resampling by it."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from eigenview.views.crop_boxes import crop_boxes
from eigenview.views.policy import ViewPolicy


def affine_map(
    boxes: Float[Tensor, "N 4"], flip: Bool[Tensor, " N"], degrees: Float[Tensor, " N"], height: int, width: int
) -> Float[Tensor, "N 3 2"]:
    """The affine map from a view to its image, both in [−1, 1]²: the images of (1, 0), of (0, 1) and of the center.

    Args:
        boxes: (left, top, width, height) in pixels; the view is rotated about the middle of its box.
        flip: whether the view is flipped horizontally.
        degrees: clockwise rotation of the view's content.
        height: of the image, in pixels.
        width: of the image, in pixels.
    """
    extent = boxes.new_tensor([width, height])
    scale = boxes[:, 2:] / extent
    centre = (2.0 * boxes[:, :2] + boxes[:, 2:]) / extent - 1.0
    cos, sin = degrees.deg2rad().cos(), degrees.deg2rad().sin()
    mirror = 1.0 - 2.0 * flip.float()
    across = scale * torch.stack([mirror * cos, -sin * mirror], dim=1)
    down = scale * torch.stack([sin, cos], dim=1)
    return torch.stack([across, down, centre], dim=1)


def sample_affine_maps(
    flip: Bool[Tensor, " N"],
    degrees: Float[Tensor, " N"],
    height: int,
    width: int,
    policy: ViewPolicy,
    generator: torch.Generator,
) -> Float[Tensor, "N 3 2"]:
    """Affine maps with given flips and angles, and crops sampled from `policy`."""
    boxes = crop_boxes(len(flip), height, width, policy, generator).to(flip.device)
    return affine_map(boxes, flip, degrees, height, width)


def resample(
    images: Float[Tensor, "N C H W"], maps: Float[Tensor, "N 3 2"], size: int, rotated: bool
) -> Float[Tensor, "N C S S"]:
    """Bilinear views of `images` under affine `maps`.

    Where views are smaller than images by a factor of 1.5 or more, each pixel of a view averages that factor squared of
    samples, which avoids aliasing. Beyond its edges a rotated image is mirrored.
    """
    finer = max(1, round(max(images.shape[2:]) / size))
    side = finer * size
    edge = 1.0 - 1.0 / side
    steps = torch.linspace(-edge, edge, side, device=images.device)
    # Complex numbers hold (x, y), so that the grid is one sum over long rows; sums over pairs of floats are slow.
    across, down, centre = torch.view_as_complex(maps)[:, :, None].unbind(1)
    grid = (centre + down * steps)[:, :, None] + (across * steps)[:, None, :]
    beyond = "reflection" if rotated else "border"
    views = F.grid_sample(images, torch.view_as_real(grid), padding_mode=beyond, align_corners=False)
    return F.avg_pool2d(views, finer) if finer > 1 else views
