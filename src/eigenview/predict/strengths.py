"""Covariances of features at several strengths of augmentation, before anything is trained."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from torch import Tensor

from eigenview._errors import UsageError
from eigenview._progress import track
from eigenview.config.recipe import Recipe
from eigenview.data import Images, open_images, used_whole
from eigenview.data.view_loader import iterate_views, native_view_size
from eigenview.predict.covariances import Covariances, Features, stream_covariances
from eigenview.predict.feature_maps import are_grey, encoder_features, pixel_features, untrained_features

PIXELS, UNTRAINED = "pixels", "random-conv"
LARGEST = 32
_PATCHES = 8
_FEWEST_TO_HALVE = 4
_QUICK, _SLOW = (10_000, 8), (2_000, 4)  # images and views; the latter where a net or a decoder takes most of the time


@dataclass(frozen=True)
class CovariancesByStrength:
    """Covariances of features at several strengths of a policy, and how they were estimated.

    Args:
        strengths: of the policy.
        covariances: at each strength, of features whose mean variance is 1.
        half: those of every other image at the first strength, which show whether there are enough images; None with
            fewer than four.
        features: `pixels`, `random-conv`, or a run's directory.
        images: number of images used.
        of: number of images in the data.
        skipped: number of files that did not decode, and are left out.
        K: views of each image.
        size: side of a view in pixels.
        patches: side in patches that pixels were averaged to; None for a net.
        grey: whether the images have no colour.
        seed: random seed.
    """

    strengths: tuple[float, ...]
    covariances: tuple[Covariances, ...]
    half: Covariances | None
    features: str
    images: int
    of: int
    skipped: int
    K: int
    size: int
    patches: int | None
    grey: bool
    seed: int

    @property
    def d(self) -> int:
        """Dimensions of the features."""
        return len(self.covariances[0].A0)


def covariances_by_strength(
    recipe: Recipe,
    strengths: Sequence[float],
    features: str = PIXELS,
    N: int | None = None,
    K: int | None = None,
    patches: int | None = None,
    seed: int = 0,
    console: Console | None = None,
) -> CovariancesByStrength:
    """Streams the covariances of features of views, the same images and random numbers at all strengths.

    Features are centred and divided by one number at each strength, so that their mean variance under its views is 1:
    in size, they are as batch norm would leave them.

    Args:
        recipe: its data, its views, and for `random-conv` its encoder.
        strengths: multiply the recipe's policy; a net's batch norms see the views of the first.
        features: `pixels`; `random-conv`, the encoder before training; or a run's directory, its encoder.
        N: number of images; by default up to 10,000, or 2,000 where a net or large images make that slow.
        K: views of each; by default 8, or 4 likewise.
        patches: side that pixels are averaged to; by default 8, or the views' own if it is smaller.
        seed: random seed for images, views and a net's weights.
        console: where to show progress, and to list files that did not decode.

    Raises:
        UsageError: no such data or run, numbers out of range, or features that are not finite or do not vary.
    """
    _check(features, N, K, patches, seed)
    console = console or Console(quiet=True)
    images = open_images(recipe.data.train)
    broken = len(images.skipped)
    _say_skipped(images, console)
    if len(images) < 2:
        raise UsageError(f"'{recipe.data.train}' has only one image, but covariances need at least two")
    quick = features == PIXELS and used_whole(images)
    chosen = _chosen(images, N or (_QUICK if quick else _SLOW)[0], seed)
    K = K or (_QUICK if quick else _SLOW)[1]
    size = recipe.data.size or native_view_size(images)
    if patches is not None and patches > size:
        raise UsageError(f"--size must be at most {size}, not {patches}: the views are {size} × {size} pixels")
    patches = (patches or min(_PATCHES, size)) if features == PIXELS else None
    grey = are_grey(images)

    def drawn(*some: float) -> Iterator[tuple[int, Tensor]]:
        policies = [recipe.views.policy.scaled(strength) for strength in some]
        return iterate_views(images, chosen, policies, K, size, seed, recipe.data.workers)

    seen = _features(features, recipe, patches, grey, seed, drawn(strengths[0]))
    halved = len(chosen) >= _FEWEST_TO_HALVE
    views = _and_half(drawn(*strengths), len(strengths)) if halved else drawn(*strengths)
    found = _streamed(views, seen, len(chosen) * len(strengths), console)
    if len(images.skipped) > broken:
        _say_skipped(images, console)
    covariances, half = found[: len(strengths)], found[-1] if halved else None
    return CovariancesByStrength(
        strengths=tuple(strengths),
        covariances=covariances,
        half=half,
        features=features,
        images=len(chosen),
        of=len(images),
        skipped=len(images.skipped),
        K=K,
        size=size,
        patches=patches,
        grey=grey,
        seed=seed,
    )


def _say_skipped(images: Images, console: Console) -> None:
    if images.skipped:
        console.print(images.skipped_summary(), soft_wrap=True, markup=False, highlight=False)


def _check(features: str, N: int | None, K: int | None, patches: int | None, seed: int) -> None:
    if not 0 <= seed < 2**63:
        raise UsageError(f"--seed must be from 0 to 2⁶³ − 1, not {seed}")
    if N is not None and N < 2:
        raise UsageError(f"--images must be at least 2, not {N}")
    if K is not None and K < 2:
        raise UsageError(f"--views must be at least 2, not {K}: a single view does not show what views change")
    if patches is not None and features != PIXELS:
        raise UsageError(f"--size applies only to --features {PIXELS}: an encoder takes whole views")
    if patches is not None and not 1 <= patches <= LARGEST:
        raise UsageError(f"--size must be from 1 to {LARGEST}, not {patches}")


def _chosen(images: Images, N: int, seed: int) -> np.ndarray:
    return np.sort(np.random.default_rng(seed).permutation(len(images))[:N])


def _and_half(views: Iterator[tuple[int, Tensor]], index: int) -> Iterator[tuple[int, Tensor]]:
    """All views, and those of every other sample under the first policy once more, under an index of their own."""
    seen = 0
    for i, some in views:
        yield i, some
        if i == 0:
            half = some[:, seen % 2 :: 2]
            seen += some.shape[1]
            if half.numel():
                yield index, half


def _features(
    features: str, recipe: Recipe, patches: int | None, grey: bool, seed: int, views: Iterator[tuple[int, Tensor]]
) -> Features:
    if patches is not None:
        return pixel_features(patches, grey)
    return untrained_features(recipe, seed, views) if features == UNTRAINED else encoder_features(features)


def _streamed(
    views: Iterator[tuple[int, Tensor]], features: Features, total: int, console: Console
) -> tuple[Covariances, ...]:
    with track("estimating covariances of views", total, console) as progress:
        found = stream_covariances(views, features, progress.advance)
    return tuple(each.standardised() for each in found)
