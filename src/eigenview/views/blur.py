"""Gaussian blur of a batch, with a different width for each image."""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def gaussian_blur(
    images: Float[Tensor, "N C H W"], sigma: Float[Tensor, " N"], widest: float
) -> Float[Tensor, "N C H W"]:
    """Blurs each image with a Gaussian of its own standard deviation, mirrored at the edges.

    Args:
        images: a batch of images.
        sigma: standard deviations in pixels.
        widest: upper bound of `sigma`; kernels reach three times as far, or as far as mirroring allows.
    """
    count, channels, height, width = images.shape
    reach = min(math.ceil(3.0 * widest), min(height, width) - 1)
    steps = torch.arange(-reach, reach + 1, device=images.device, dtype=images.dtype)
    kernels = torch.softmax(-0.5 * (steps / sigma.clamp(min=1e-3)[:, None]).square(), dim=1)
    kernels = kernels.repeat_interleave(channels, dim=0)
    planes = F.pad(images, (reach,) * 4, mode="reflect").view(1, count * channels, height + 2 * reach, -1)
    planes = F.conv2d(planes, kernels[:, None, None, :], groups=count * channels)
    planes = F.conv2d(planes, kernels[:, None, :, None], groups=count * channels)
    return planes.view_as(images)
