"""Random views of whole batches of images."""

from dataclasses import replace

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from eigenview.views.policy import ViewPolicy
from eigenview.views.transforms import apply, draw_changes

# Per block on a CPU: intermediates of larger blocks leave the cache, smaller ones do not pay for calling operators.
_PIXELS_AT_ONCE = 1 << 18


def augment(
    images: UInt8[Tensor, "P C H W"],
    policy: ViewPolicy,
    views: int,
    generator: torch.Generator,
    size: int | None = None,
) -> Float[Tensor, "K P C S S"]:
    """Draws K views of every image, each with random numbers of its own.

    In this order: crop, flip and rotation (one bilinear resampling), brightness, contrast, saturation, hue, grey, blur,
    noise. torchvision's ColorJitter shuffles the four changes of colour; here their order is fixed, and the first three
    are clipped to [0, 1] once, not each.

    Args:
        images: P images of C = 1 or 3 channels, on any device; the work is done there.
        policy: what may happen to them.
        views: K ≥ 1.
        generator: where all random numbers come from, on the CPU or on the images' device; the same seed gives the same
            views there. With one on the CPU, noise for an accelerator is drawn on the CPU, which is slow.
        size: S, the side of a view in pixels; the image's shorter side if not given.

    Returns:
        Views in [0, 1], on the images' device.
    """
    if views < 1:
        raise ValueError(f"views must be at least 1, not {views}")
    size = min(images.shape[2:]) if size is None else size
    return _draw(images.expand(views, *images.shape), policy, generator, size)


def augment_cropped(
    views: UInt8[Tensor, "K P C S S"], policy: ViewPolicy, generator: torch.Generator
) -> Float[Tensor, "K P C S S"]:
    """What `augment` does except the crop, for views that `crop_photo` has cropped.

    Args:
        views: K crops of each of P images of C = 1 or 3 channels, on any device; the work is done there.
        policy: what may happen to them; its `crop` and `ratio` are not used.
        generator: as for `augment`.

    Returns:
        Views in [0, 1], on the crops' device.
    """
    return _draw(views, replace(policy, crop=(1.0, 1.0), ratio=(1.0, 1.0)), generator, views.shape[-1])


def _draw(
    images: UInt8[Tensor, "K P C H W"], policy: ViewPolicy, generator: torch.Generator, size: int
) -> Float[Tensor, "K P C S S"]:
    """One view of each of the K·P images, a block of them at a time."""
    views, samples, channels, height, width = images.shape
    if channels not in (1, 3):
        raise ValueError(f"images must have 1 or 3 channels, not {channels}")
    count, device = views * samples, images.device
    changes = draw_changes(count, height, width, policy, size, generator, device)
    flat = images.reshape(count, channels, height, width)
    out = torch.empty(count, channels, size, size, device=device)
    block = max(1, _PIXELS_AT_ONCE // size**2) if device.type == "cpu" else count
    for start in range(0, count, block):
        rows = slice(start, start + block)
        out[rows] = apply(changes[rows], flat[rows], policy, size, generator)
    return out.unflatten(0, (views, samples))
