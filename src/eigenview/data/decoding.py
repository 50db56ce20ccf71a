"""Decoding of the images of each step, whole or as random crops, in worker processes."""

import multiprocessing
import multiprocessing.process
import signal
import warnings
import weakref
from collections.abc import Callable, Iterator
from itertools import count

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from eigenview.data.images import Images
from eigenview.data.parallel_map import cpus
from eigenview.data.tensors import fitted

Crop = Callable[..., Tensor]
Order = Callable[[int], Int64[np.ndarray, "P"]]


class Whole:
    """Takes an image as it is, resized to a given height and width if it differs."""

    def __init__(self, height_width: tuple[int, int]):
        self.height_width = height_width

    def __call__(self, image: Image.Image, generator: torch.Generator) -> UInt8[Tensor, "3 H W"]:
        return torch.from_numpy(fitted(image, self.height_width))


class Steps(Dataset[tuple[UInt8[Tensor, "*K P 3 H W"], dict[int, tuple[int, str]]]]):
    """Item n is the batch of step n, with the replacements of broken images so far.

    Args:
        images: images to decode.
        order: function from a step to the indices of its images.
        take: called with an image and `generator=`, which depends on seed, step and position in the batch.
        seed: random seed of those generators.
        sample_dim: dimension of the samples: 1 if `take` returns several views, else 0.
    """

    def __init__(self, images: Images, order: Order, take: Crop, seed: int, sample_dim: int):
        self._images, self._order, self._take, self._seed, self._sample_dim = images, order, take, seed, sample_dim

    def __getitem__(self, step: int) -> tuple[UInt8[Tensor, "*K P 3 H W"], dict[int, tuple[int, str]]]:
        taken = [
            self._take(self._images.decode(int(i)), generator=_generator(self._seed, step, place))
            for place, i in enumerate(self._order(step))
        ]
        return torch.stack(taken, dim=self._sample_dim), self._images.stand_ins


def from_step(steps: Steps, images: Images, start: int, workers: int) -> Iterator[UInt8[Tensor, "*K P 3 H W"]]:
    """Yields the batches from step `start` on, without end; `images` is told which ones workers found broken."""
    loader = DataLoader(
        steps,
        batch_size=None,
        sampler=count(start),
        num_workers=min(workers, cpus()),
        collate_fn=_as_it_is,
        worker_init_fn=_begin,
        generator=torch.Generator(),  # else starting workers would draw from the global one
    )
    others = set(multiprocessing.active_children())
    batches = iter(loader)
    own = [process for process in multiprocessing.active_children() if process not in others]
    # At exit, Python sends SIGTERM to its children, which ignore it, and waits for them.
    weakref.finalize(batches, _end, own)
    for pixels, stand_ins in batches:
        for i, (j, reason) in list(stand_ins.items()):
            images.replace(i, j, reason)
        yield pixels


def _generator(seed: int, step: int, place: int) -> torch.Generator:
    (state,) = np.random.SeedSequence([seed, step, place]).generate_state(1)
    return torch.Generator().manual_seed(int(state))


def _begin(worker: int) -> None:
    # Ctrl-C and schedulers reach all processes of a run; the main one decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    warnings.simplefilter("ignore")


def _end(processes: list[multiprocessing.process.BaseProcess]) -> None:
    for process in processes:
        process.kill()


def _as_it_is(item: object) -> object:
    return item
