"""Views of images, sampled as in training: from whole images if they are small, else from crops made in workers."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from PIL import Image
from torch import Tensor

from eigenview.data import Images, Steps, batches_of, from_step, used_whole
from eigenview.views import ViewPolicy, augment, augment_cropped, crop_photo

LARGEST_NATIVE_SIZE = 64
"""Largest view size, in pixels, that is taken from the images themselves."""
_SMALLEST_SIZE = 4
_AT_ONCE = 512  # views


def native_view_size(images: Images) -> int:
    """Default side of a view in pixels: the shorter side of the images if they share one of at most 64, else 64."""
    native = min(images.size) if images.size else LARGEST_NATIVE_SIZE
    return max(_SMALLEST_SIZE, min(native, LARGEST_NATIVE_SIZE))


def iterate_views(
    images: Images,
    chosen: Int64[np.ndarray, "P"],
    policies: Sequence[ViewPolicy],
    K: int,
    size: int,
    seed: int,
    workers: int,
) -> Iterator[tuple[int, Float[Tensor, "K p C S S"]]]:
    """Yields views of samples in batches, under each of several policies in turn, with the same random numbers for all.

    Args:
        images: each is decoded once.
        chosen: indices of the samples.
        policies: augmentations of the views.
        K: number of views of each sample under each policy.
        size: S, the side of a view in pixels.
        seed: random seed of the views.
        workers: processes that decode and crop images that are not used whole.

    Returns:
        Pairs of a policy's index and views: for every batch of samples, all policies in order.
    """
    generators = [torch.Generator().manual_seed(seed) for _ in policies]
    if used_whole(images):
        for _, pixels in batches_of(images, None, max(1, _AT_ONCE // K), chosen):
            for i, policy in enumerate(policies):
                yield i, augment(pixels, policy, K, generators[i], size)
        return
    at_once = max(1, _AT_ONCE // (K * len(policies)))
    parts = np.split(chosen, range(at_once, len(chosen), at_once))
    take = partial(_crops, policies=policies, size=size, views=K)
    # Workers fetch ahead, also beyond the last part.
    steps = Steps(images, lambda step: parts[step % len(parts)], take, seed, sample_dim=1)
    for crops in islice(from_step(steps, images, 0, workers), len(parts)):
        for i, policy in enumerate(policies):
            yield i, augment_cropped(crops[i * K : (i + 1) * K], policy, generators[i])


def _crops(
    image: Image.Image, policies: Sequence[ViewPolicy], size: int, views: int, generator: torch.Generator
) -> UInt8[Tensor, "crops C S S"]:
    """K crops under each policy, in the order of policies."""
    return torch.cat([crop_photo(image, policy, size, views, generator.clone_state()) for policy in policies])
