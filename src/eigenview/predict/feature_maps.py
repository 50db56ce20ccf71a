"""Feature maps that a prediction sees views through: pixels, an untrained encoder, or a run's."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from eigenview.config.recipe import Recipe
from eigenview.data import Images
from eigenview.nets import Encoder, default_device
from eigenview.predict.covariances import Features
from eigenview.runs.build import build_encoder
from eigenview.runs.load import load

_LOOKED_AT = 64


def pixel_features(size: int, grey: bool) -> Features:
    """Pixels of views, averaged over patches.

    Args:
        size: side in patches.
        grey: average the three channels, too: in grey images they are copies, so that what views do to each channel
            alone is not a direction of the data.
    """

    def features(views: Float[Tensor, "N C S S"]) -> Float[Tensor, "N d"]:
        views = views.mean(1, keepdim=True) if grey else views
        return adaptive_avg_pool2d(views, size).flatten(1)

    return features


def untrained_features(recipe: Recipe, seed: int, views: Iterable[tuple[int, Float[Tensor, "K p C S S"]]]) -> Features:
    """Features of a recipe's encoder before training.

    Its batch norms get the statistics of some views, which are then fixed, so that an image's features do not depend on
    the rest of its batch.

    Args:
        recipe: its `encoder`.
        seed: random seed of the weights.
        views: pairs of a policy's index and views; the first must be of the policy that training will use.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        encoder = build_encoder(recipe)
    norms = [module for module in encoder.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    encoder.train()
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        for _, some in islice(views, 1):
            encoder(some.flatten(0, 1))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    return _in_use(encoder)


def encoder_features(run: str | Path) -> Features:
    """Features of a run's trained encoder.

    Raises:
        UsageError: no such run, or a run without a checkpoint.
    """
    return _in_use(load(run))


def are_grey(images: Images) -> bool:
    """Whether images have no colour, judged by up to about 64 of them, evenly spaced."""
    some = range(0, len(images), max(1, len(images) // _LOOKED_AT))
    return all(_is_grey(images, i) for i in some)


def _is_grey(images: Images, i: int) -> bool:
    red, green, blue = images.decode(i).split()
    return red.tobytes() == green.tobytes() == blue.tobytes()


def _in_use(encoder: Encoder) -> Features:
    device = default_device()
    encoder = encoder.eval().to(device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    return lambda views: encoder(views.to(device)).float().cpu()
