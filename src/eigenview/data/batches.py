"""Endless training batches, in an order that depends on the seed alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from eigenview._errors import UsageError
from eigenview.data.decoding import Crop, Steps, Whole, from_step
from eigenview.data.images import Images
from eigenview.data.tensors import pack, target_size

_PACKED_BYTES = 2 * 1024**3
_LARGEST_WHOLE = 256 * 256  # pixels; larger images are cropped before they are put into a batch


@dataclass(frozen=True)
class TrainingBatch:
    """The images of one step, and their captions.

    Attributes:
        step: number of the step, from the start of training.
        images: whole images, or K crops of each.
        cropped: whether `images` are crops.
        captions: one caption per image; None without captions.
    """

    step: int
    images: UInt8[Tensor, "*K P 3 H W"]
    cropped: bool
    captions: tuple[str, ...] | None = None


class TrainingBatches:
    """Batches of P images; images, crops and captions of a batch are a function of seed and step.

    Images that are used whole and fit into memory together are decoded once. Others are decoded for every batch, by
    worker processes if there are any. An incomplete batch at the end of an epoch is dropped.

    Args:
        images: training images.
        P: batch size.
        seed: random seed of the order and the crops, nonnegative.
        crop: called with an image and `generator=`, returns K random crops of it, `UInt8[K, 3, S, S]`. It is used where
            image sizes differ or are large.
        workers: number of processes that decode; with 0 this process does. They only change the speed.

    Attributes:
        cropped: whether batches hold crops, `UInt8[K, P, 3, S, S]`, or whole images, `UInt8[P, 3, H, W]`.

    Raises:
        UsageError: P exceeds the number of images, or sizes differ and `crop` is None.
    """

    def __init__(
        self,
        images: Images,
        P: int,
        seed: int,
        crop: Crop | None = None,
        workers: int = 0,
    ):
        if len(images) < P:
            N = len(images)
            raise UsageError(f"training.P = {P} is larger than the number of images, {N}: lower it to {N} or less")
        self.P, self._images, self._seed, self._workers = P, images, seed, workers
        self._packed: Tensor | None = None
        if crop is not None and not used_whole(images):
            self.cropped, take = True, crop
        else:
            height, width = target_size(images)
            self.cropped, take = False, Whole((height, width))
            if len(images) * 3 * height * width <= _PACKED_BYTES:
                self._packed = pack(images)
        self._steps = Steps(images, self.indices, take, seed, sample_dim=int(self.cropped))

    @property
    def steps_per_epoch(self) -> int:
        """Number of full batches in one pass over the data."""
        return len(self._images) // self.P

    def indices(self, step: int) -> Int64[np.ndarray, "P"]:
        """Indices of the images in the batch of a step."""
        epoch, place = divmod(step, self.steps_per_epoch)
        return _permutation(self._seed, epoch, len(self._images))[place * self.P : (place + 1) * self.P]

    def at(self, start_step: int) -> Iterator[TrainingBatch]:
        """Yields batches without end, from that of `start_step`."""
        for step, pixels in zip(count(start_step), self._pixels(start_step), strict=False):
            yield TrainingBatch(step, pixels, self.cropped, self.captions(step))

    def captions(self, step: int) -> tuple[str, ...] | None:
        """One caption of each image of a step, sampled from several if there are; None without captions."""
        everything = self._images.captions
        if everything is None:
            return None
        said = [everything[i] for i in self.indices(step).tolist()]
        drawn = np.random.default_rng([self._seed, step, 1]).random(len(said))
        return tuple(texts[int(u * len(texts))] for texts, u in zip(said, drawn, strict=True))

    def _pixels(self, start: int) -> Iterator[UInt8[Tensor, "*K P 3 H W"]]:
        packed = self._packed
        if packed is None:
            return from_step(self._steps, self._images, start, self._workers)
        return (packed[torch.from_numpy(self.indices(step))] for step in count(start))


def used_whole(images: Images) -> bool:
    """Whether images are small and of one size, so that batches hold them whole; others are cropped one by one."""
    return images.size is not None and images.size[0] * images.size[1] <= _LARGEST_WHOLE


@lru_cache(maxsize=2)
def _permutation(seed: int, epoch: int, N: int) -> Int64[np.ndarray, "N"]:
    return np.random.default_rng([seed, epoch]).permutation(N)
