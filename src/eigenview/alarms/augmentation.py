"""Whether the views of the first batch leave anything to learn."""

from functools import cached_property

import torch
from jaxtyping import Float
from scipy.stats import binom
from torch import Tensor
from torch.nn import functional as F

from eigenview.alarms.alarm import AlarmRule

_SAMPLES, _FEWEST_SAMPLES = 128, 16
_SIDE = 32

# Measured with P = 128, for K = 2 and 4: the share of the variance of pixels that is between samples, and how often the
# nearest of all views is of the same sample, in pixels (by chance .004 and .006):
#                     share      nearest
#   digits, recipe    .14  .14   .04  .11      the same at 3% of its strength   1.0  1.0   1.0  1.0
#   CIFAR-10, small   .94  .95   1.0  1.0      cpu's policy at 3%               .99  .98   .99  .99
#             moderate .54 .52   .31  .60      Gaussian noise of 2, digits      .01  .01   .00  .00
#             large   .34  .33   .08  .23      crops of .5–2%, strong colours   .06  .09   .00  .01
# The share alone distinguishes a policy that changes almost nothing from `small`, which is weak but published.
_WEAK_SHARE, _WEAK_NEAREST = 0.97, 0.98
_CHANCE = 0.01


class FirstViews:
    """The views of the first batch, at up to 32×32 pixels, and how much of their sample is left in them.

    Args:
        views: of the batch, of which the first 128 samples are used.
    """

    def __init__(self, views: Float[Tensor, "K P C S S"]) -> None:
        self.K, self.P = views.shape[0], min(views.shape[1], _SAMPLES)
        views = views[:, : self.P].detach().float().cpu()
        large = views.shape[-1] > _SIDE
        self._pixels = (
            F.adaptive_avg_pool2d(views.flatten(0, 1), _SIDE).unflatten(0, views.shape[:2]) if large else views
        )

    @property
    def enough(self) -> bool:
        """Whether there are pairs of views, and samples enough to compare them with."""
        return self.K >= 2 and self.P >= _FEWEST_SAMPLES

    @cached_property
    def share(self) -> float:
        """Share of the variance of pixels that is between samples."""
        return _share_of_samples(self._pixels.flatten(2))

    @cached_property
    def near_in_pixels(self) -> float:
        """How often the nearest neighbour of a view is a view of the same sample, in pixels."""
        return _nearest_own(self._pixels.flatten(2))

    @cached_property
    def near_in_features(self) -> float:
        """How often the nearest neighbour of a view is a view of the same sample, in features of a random net."""
        return _nearest_own(_random_features(self._pixels))

    @property
    def chance(self) -> float:
        """How often a random neighbour of a view is a view of the same sample."""
        return (self.K - 1) / (self.K * self.P - 1)

    def is_chance(self, rate: float) -> bool:
        """Whether as many neighbours occur by chance in more than 1% of batches; the number is about binomial."""
        tail = binom.sf(round(rate * self.K * self.P) - 1, self.K * self.P, self.chance)
        return bool(tail > _CHANCE)

    @property
    def evidence(self) -> str:
        """The numbers that both rules compare."""
        return (
            f"in a batch of views, {self.share:.1%} of the variance of pixels is between samples, and the nearest "
            f"neighbour of a view is a view of the same sample in {self.near_in_pixels:.1%} of cases (by chance "
            f"{self.chance:.1%})"
        )


def _too_weak(views: FirstViews) -> str | None:
    """Pixels do already what the encoder should learn."""
    if not views.enough or views.share < _WEAK_SHARE or views.near_in_pixels < _WEAK_NEAREST:
        return None
    return f"{views.evidence}: pixels alone identify the views of a sample, so little is left to learn"


def _too_strong(views: FirstViews) -> str | None:
    """Neither pixels nor features of a random net tell which views belong together."""
    if not views.enough or not all(map(views.is_chance, (views.near_in_pixels, views.near_in_features))):
        return None
    return (
        f"{views.evidence}; in features of an untrained network, in {views.near_in_features:.1%} of cases: the views "
        "no longer identify their sample"
    )


VIEWS_TOO_WEAK = AlarmRule(
    "views too weak",
    "first batch",
    "97% or more of the variance of pixels is between samples, and the nearest neighbour of nearly every view is a "
    "view of the same sample, so pixels alone identify the views of a sample",
    "a stronger views.policy (moderate, large; a larger --strength)",
    _too_weak,
    unless="nothing to be invariant to",
)
VIEWS_TOO_STRONG = AlarmRule(
    "views too strong",
    "first batch",
    "in pixels and in features of an untrained network, nearest neighbours are views of the same sample no more often "
    "than by chance",
    "a weaker views.policy (moderate, small; a smaller --strength; less noise, larger crops)",
    _too_strong,
    unless="nothing to be invariant to",
)


def _share_of_samples(x: Float[Tensor, "K P N"]) -> float:
    """Share of the variance that is between samples: 1 if their views agree, near 0 if views differ as samples do."""
    K, P = x.shape[:2]
    means = x.mean(0)
    within = (x - means).square().sum() / (P * (K - 1))
    between = (means - means.mean(0)).square().sum() / (P - 1) - within / K
    return float(between.clamp_min(0) / (between.clamp_min(0) + within).clamp_min(1e-12))


def _nearest_own(x: Float[Tensor, "K P N"]) -> float:
    """How often the nearest other view is of the same sample, by the cosine of differences from the mean."""
    rows = x.flatten(0, 1)
    rows = F.normalize(rows - rows.mean(0), dim=1)
    nearest = (rows @ rows.T).fill_diagonal_(-2).argmax(1)
    sample = torch.arange(x.shape[1]).repeat(x.shape[0])
    return float((sample[nearest] == sample).float().mean())


def _random_features(views: Float[Tensor, "K P C S S"]) -> Float[Tensor, "K P N"]:
    """Two random convolutions with ReLU, pooled to 2×2: robust to blur, noise and small shifts."""
    generator = torch.Generator().manual_seed(0)
    x = views.flatten(0, 1)
    x = x - x.mean((0, 2, 3), keepdim=True)
    for width in (64, 128):
        fan_in = 9 * x.shape[1]
        weights = torch.randn(width, x.shape[1], 3, 3, generator=generator) / fan_in**0.5
        x = F.relu(F.conv2d(x, weights, padding=1))
        x = F.adaptive_avg_pool2d(x, max(2, x.shape[-1] // 2) if width == 64 else 2)
    return x.flatten(1).unflatten(0, views.shape[:2])
