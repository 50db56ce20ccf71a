"""Whether views, as they are drawn from the data, leave anything to learn."""

import torch
from jaxtyping import Float
from scipy.stats import binom
from torch import Tensor
from torch.nn import functional as F

from eigenview.alarms.alarm import Alarm

_SAMPLES, _FEWEST_SAMPLES = 128, 16
_SIDE = 32

# Measured with P = 128, for K = 2 and 4: the share of samples in the variance of pixels, and how often the nearest view
# of all is one of the same sample, in pixels (by chance .004 and .006):
#                     share      nearest
#   digits, recipe    .14  .14   .04  .11      the same at 3% of its strength   1.0  1.0   1.0  1.0
#   CIFAR-10, small   .94  .95   1.0  1.0      cpu's policy at 3%               .99  .98   .99  .99
#             moderate .54 .52   .31  .60      Gaussian noise of 2, digits      .01  .01   .00  .00
#             large   .34  .33   .08  .23      crops of .5–2%, strong colours   .06  .09   .00  .01
# A policy that changes next to nothing is thus told from `small`, which is weak but published, by the share alone.
_WEAK_SHARE, _WEAK_NEAREST = 0.97, 0.98
_CHANCE = 0.01


def alarms_of_drawn_views(views: Float[Tensor, "K P C S S"]) -> list[Alarm]:
    """Whether the views of a batch differ too little, or too much, to learn from.

    Too weak: samples hold at least 97% of the variance of pixels, and nearly every view's nearest neighbour among all
    others is a view of the same sample already, so that pixels do what an encoder should learn. Too strong: neighbours,
    both in pixels and in features of a random net, are no more often of the same sample than by chance (what occurs by
    chance in 1% of batches still counts as chance). Fewer than 16 samples can tell neither.

    Args:
        views: of a batch; the first 128 samples, at up to 32×32, are looked at.
    """
    K, P = views.shape[0], min(views.shape[1], _SAMPLES)
    if K < 2 or P < _FEWEST_SAMPLES:
        return []
    views = views[:, :P].detach().float().cpu()
    pixels = (
        views if views.shape[-1] <= _SIDE else F.adaptive_avg_pool2d(views.flatten(0, 1), _SIDE).unflatten(0, (K, P))
    )
    share = _share_of_samples(pixels.flatten(2))
    near = {
        "pixels": _nearest_own(pixels.flatten(2)),
        "features of a random net": _nearest_own(_random_features(pixels)),
    }
    chance = (K - 1) / (K * P - 1)
    evidence = (
        f"of the variance of pixels in a batch of views {share:.1%} is between samples, and a view's nearest neighbour "
        f"is a view of the same sample in {near['pixels']:.1%} of cases (by chance {chance:.1%})"
    )
    if share >= _WEAK_SHARE and near["pixels"] >= _WEAK_NEAREST:
        return [
            Alarm(
                "views too weak",
                f"{evidence}: pixels already tell what views share, and little is left to learn",
                "a stronger views.policy (moderate, large; a larger --strength)",
            )
        ]
    # Under chance, hits are about binomial; a tail above 1% is not evidence of anything else.
    if all(binom.sf(round(rate * K * P) - 1, K * P, chance) > _CHANCE for rate in near.values()):
        return [
            Alarm(
                "views too strong",
                f"{evidence}, in features of a random net in {near['features of a random net']:.1%}: views keep "
                "nothing of their sample that could be found again",
                "a weaker views.policy (moderate, small; a smaller --strength; less noise, larger crops)",
            )
        ]
    return []


def _share_of_samples(x: Float[Tensor, "K P N"]) -> float:
    """Samples' part of the variance: 1 if their views agree, about 0 if views differ as much as samples do."""
    K, P = x.shape[:2]
    means = x.mean(0)
    within = (x - means).square().sum() / (P * (K - 1))
    between = (means - means.mean(0)).square().sum() / (P - 1) - within / K
    return float(between.clamp_min(0) / (between.clamp_min(0) + within).clamp_min(1e-12))


def _nearest_own(x: Float[Tensor, "K P N"]) -> float:
    """How often the nearest of all other views, by the cosine of what differs from the mean, is of the same sample."""
    rows = x.flatten(0, 1)
    rows = F.normalize(rows - rows.mean(0), dim=1)
    nearest = (rows @ rows.T).fill_diagonal_(-2).argmax(1)
    sample = torch.arange(x.shape[1]).repeat(x.shape[0])
    return float((sample[nearest] == sample).float().mean())


def _random_features(views: Float[Tensor, "K P C S S"]) -> Float[Tensor, "K P N"]:
    """Two random convolutions with ReLU, pooled to 2×2: what is blurred, noisy or moved looks more alike."""
    generator = torch.Generator().manual_seed(0)
    x = views.flatten(0, 1)
    x = x - x.mean((0, 2, 3), keepdim=True)
    for width in (64, 128):
        fan_in = 9 * x.shape[1]
        weights = torch.randn(width, x.shape[1], 3, 3, generator=generator) / fan_in**0.5
        x = F.relu(F.conv2d(x, weights, padding=1))
        x = F.adaptive_avg_pool2d(x, max(2, x.shape[-1] // 2) if width == 64 else 2)
    return x.flatten(1).unflatten(0, views.shape[:2])
