"""Random views of batches of images."""

from dataclasses import replace

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from eigenview.views.custom import apply_custom
from eigenview.views.policy import ViewPolicy
from eigenview.views.transforms import apply_transforms, sample_transforms

# Per block on a CPU: intermediates of larger blocks exceed the cache, smaller ones are dominated by call overhead.
_PIXELS_AT_ONCE = 1 << 18


def augment(
    images: UInt8[Tensor, "P C H W"],
    policy: ViewPolicy,
    views: int,
    generator: torch.Generator,
    size: int | None = None,
) -> Float[Tensor, "K P C S S"]:
    """Samples K views of every image, each with independent random numbers.

    The order is: crop, flip and rotation (one bilinear resampling), brightness, contrast, saturation, hue, grayscale,
    blur, noise, custom transforms. torchvision's ColorJitter shuffles its four transforms; here their order is fixed,
    and the first three are clipped to [0, 1] once instead of each.

    Args:
        images: P images of C = 1 or 3 channels, on any device, where the views are computed.
        policy: augmentations to sample from.
        views: K, at least 1.
        generator: source of all random numbers, on the CPU or on the images' device; the same seed gives the same views
            there. With a generator on the CPU, noise for an accelerator is sampled on the CPU, which is slow.
        size: S, the side of a view in pixels; by default the image's shorter side.

    Returns:
        Views in [0, 1], on the images' device.
    """
    if views < 1:
        raise ValueError(f"views must be at least 1, not {views}")
    size = min(images.shape[2:]) if size is None else size
    return _sample(images.expand(views, *images.shape), policy, generator, size)


def augment_cropped(
    views: UInt8[Tensor, "K P C S S"], policy: ViewPolicy, generator: torch.Generator
) -> Float[Tensor, "K P C S S"]:
    """Applies all of `augment` except the crop, to views that `crop_photo` has cropped.

    Args:
        views: K crops of each of P images of C = 1 or 3 channels, on any device, where the views are computed.
        policy: augmentations to sample from; its `crop` and `ratio` are not used.
        generator: as in `augment`.

    Returns:
        Views in [0, 1], on the crops' device.
    """
    return _sample(views, replace(policy, crop=(1.0, 1.0), ratio=(1.0, 1.0)), generator, views.shape[-1])


def _sample(
    images: UInt8[Tensor, "K P C H W"], policy: ViewPolicy, generator: torch.Generator, size: int
) -> Float[Tensor, "K P C S S"]:
    """One view of each of the K·P images, a block of them at a time."""
    views, samples, channels, height, width = images.shape
    if channels not in (1, 3):
        raise ValueError(f"images must have 1 or 3 channels, not {channels}")
    count, device = views * samples, images.device
    parameters = sample_transforms(count, height, width, policy, size, generator, device)
    flat = images.reshape(count, channels, height, width)
    out = torch.empty(count, channels, size, size, device=device)
    block = max(1, _PIXELS_AT_ONCE // size**2) if device.type == "cpu" else count
    for start in range(0, count, block):
        rows = slice(start, start + block)
        block_views = apply_transforms(parameters[rows], flat[rows], policy, size, generator)
        out[rows] = apply_custom(block_views, policy, generator)
    return out.unflatten(0, (views, samples))
