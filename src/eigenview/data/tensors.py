"""Images as one tensor, in batches, or as a mean and a standard deviation."""

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from PIL import Image, ImageOps
from torch import Tensor

from eigenview._errors import UsageError
from eigenview.data.images import Images
from eigenview.data.parallel_map import in_threads

_SMALLEST_DEVIATION = 1 / 255  # one gray level: constant images are not divided by zero
_SAMPLED = 1000


def pack(
    images: Images, size: int | None = None, indices: Int64[np.ndarray, "N"] | None = None
) -> UInt8[Tensor, "N 3 H W"]:
    """Images in one tensor.

    Args:
        images: images to decode.
        size: side of the square that images become: the shorter side is resized to it, and the center is kept. None
            keeps the size that all of them share.
        indices: which images; None for all.

    Raises:
        UsageError: the sizes differ, and size is None.
    """
    return _decoded(images, _chosen(images, indices), target_size(images, size))


def batches_of(
    images: Images, size: int | None, batch: int, indices: Int64[np.ndarray, "N"] | None = None
) -> Iterator[tuple[Int64[np.ndarray, "B"], UInt8[Tensor, "B 3 H W"]]]:
    """Yields images in order in batches, for images that do not fit into memory: pairs of indices and pixels.

    Args:
        images: images to decode.
        size: as in `pack`.
        batch: batch size; the last batch may be smaller.
        indices: which images; None for all.
    """
    height_width, chosen = target_size(images, size), _chosen(images, indices)
    for some in np.split(chosen, range(batch, len(chosen), batch)):
        yield some, _decoded(images, some, height_width)


def channel_statistics(images: Images) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Mean and standard deviation of red, green and blue, in [0, 1], over up to 1,000 evenly spaced images.

    Every image has the same weight, whatever its size.
    """
    sampled = np.unique(np.linspace(0, len(images) - 1, min(_SAMPLED, len(images))).astype(int))
    moments = np.array(list(in_threads(lambda i: _moments(images.decode_unguarded(i)), sampled.tolist())))
    mean, square = moments.mean(0)
    deviation = np.sqrt(np.maximum(square - mean**2, _SMALLEST_DEVIATION**2))
    red, green, blue = zip(mean.tolist(), deviation.tolist(), strict=True)
    return (red[0], green[0], blue[0]), (red[1], green[1], blue[1])


def target_size(images: Images, size: int | None = None) -> tuple[int, int]:
    """Height and width that images are resized to: a square of side `size`, or their own.

    Raises:
        UsageError: the sizes differ, and size is None.
    """
    if size is not None:
        return size, size
    if images.size is None:
        raise UsageError("the images have different sizes: pass a size to resize them to")
    return images.size


def fitted(image: Image.Image, height_width: tuple[int, int]) -> UInt8[np.ndarray, "3 H W"]:
    """The image's center, resized to the given height and width."""
    height, width = height_width
    if image.size != (width, height):
        image = ImageOps.fit(image, (width, height), Image.Resampling.BICUBIC)
    return np.array(image).transpose(2, 0, 1)


def _chosen(images: Images, indices: Int64[np.ndarray, "N"] | None) -> Int64[np.ndarray, "N"]:
    return np.arange(len(images)) if indices is None else indices


def _decoded(
    images: Images, indices: Int64[np.ndarray, "B"], height_width: tuple[int, int]
) -> UInt8[Tensor, "B 3 H W"]:
    pixels = torch.empty(len(indices), 3, *height_width, dtype=torch.uint8)
    into = pixels.numpy()

    def decode(position: int) -> None:
        into[position] = fitted(images.decode_unguarded(int(indices[position])), height_width)

    for _ in in_threads(decode, range(len(indices))):
        pass
    return pixels


def _moments(image: Image.Image) -> np.ndarray:
    pixels = np.asarray(image).reshape(-1, 3) / 255
    return np.stack([pixels.mean(0), np.square(pixels).mean(0)])
