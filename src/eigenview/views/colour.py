"""Colour of whole batches, a different change for every image."""

from dataclasses import dataclass, fields

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from .policy import ViewPolicy

_GREY = (0.299, 0.587, 0.114)  # ITU-R 601-2, as PIL's "L" and torchvision have it
_CENTRES = (0.0, 2.0, 4.0)  # where red, green and blue lie on the circle of hues, in sixths


@dataclass(frozen=True)
class Colours:
    """What happens to the colour of each of N images.

    Args:
        brightness: factor of the image.
        contrast: factor of the distances from the image's mean grey.
        saturation: factor of the distances from the pixel's own grey.
        hue: share of the colour circle by which hue turns.
        grey: whether all colour is taken away.
    """

    brightness: Float[Tensor, " N"]
    contrast: Float[Tensor, " N"]
    saturation: Float[Tensor, " N"]
    hue: Float[Tensor, " N"]
    grey: Bool[Tensor, " N"]

    def __getitem__(self, rows: slice) -> "Colours":
        return Colours(*(getattr(self, field.name)[rows] for field in fields(self)))


def draw_colours(count: int, policy: ViewPolicy, generator: torch.Generator, device: torch.device) -> Colours:
    """Draws N = `count` changes of colour.

    Factors are uniform in [max(0, 1 − b), 1 + b] and turns in [−h, h], as in torchvision.
    """
    uniform = torch.rand(6, count, generator=generator, device=generator.device).to(device)
    chosen = uniform[0] < policy.jitter

    def factor(row: Tensor, most: float) -> Tensor:
        least = max(0.0, 1.0 - most)
        return torch.where(chosen, least + (1.0 + most - least) * row, 1.0)

    return Colours(
        brightness=factor(uniform[1], policy.brightness),
        contrast=factor(uniform[2], policy.contrast),
        saturation=factor(uniform[3], policy.saturation),
        hue=torch.where(chosen, policy.hue * (2.0 * uniform[4] - 1.0), 0.0),
        grey=uniform[5] < policy.grey,
    )


def mix_colours(images: Float[Tensor, "N C H W"], colours: Colours) -> Float[Tensor, "N C H W"]:
    """Brightness b, then contrast c about the mean grey, then saturation s: one affine map of each image's colours.

    Together they are x → bcs·x + bc(1 − s)·grey(x) + b(1 − c)·mean(grey), clipped once to [0, 1].

    Args:
        images: in [0, 1], C = 1 (which is its own grey) or 3.
        colours: what happens to each.
    """
    grey = images if images.shape[1] == 1 else _grey(images)
    gain = colours.brightness * colours.contrast
    own, shared = gain * colours.saturation, gain * (1.0 - colours.saturation)
    offset = colours.brightness * (1.0 - colours.contrast) * grey.mean((1, 2, 3))
    own, shared, offset = torch.stack([own, shared, offset])[..., None, None, None]
    return torch.addcmul(torch.addcmul(offset, grey, shared), images, own).clamp_(0.0, 1.0)


def turn_hue(rgb: Float[Tensor, "N 3 H W"], turns: Float[Tensor, " N"]) -> Float[Tensor, "N 3 H W"]:
    """Turns the hue of HSV by a share of the colour circle, in place; saturation and value stay.

    The hue h, in sixths of the circle from red, has |h| = 1 + (g + b − r − min) / (max − min) ≤ 3 and the sign of
    g − b: no cases are needed. A channel whose own place on the circle is t ≤ 3 from h has the value
    min + (max − min)·clip(2 − t, 0, 1).
    """
    red, green, blue = rgb.unbind(1)
    low = torch.minimum(red, green).minimum(blue)
    chroma = torch.maximum(red, green).maximum(blue).sub_(low).clamp_(min=1e-12)
    hue = torch.addcdiv(rgb.new_ones(()), (green + blue).sub_(red).sub_(low), chroma).copysign_(green - blue)
    shift = (6.0 * turns[:, None] - turns.new_tensor(_CENTRES) + 3.0).remainder(6.0) - 3.0
    # Shifts are wrapped into ±3, so |hue + shift| ≤ 6 and 2 − t = ||hue + shift| − 3| − 1; this 1 is moved to `low`.
    weight = (hue[:, None] + shift[:, :, None, None]).abs_().sub_(3.0).abs_().clamp_(1.0, 2.0)
    return torch.addcmul(low.sub_(chroma)[:, None], weight, chroma[:, None], out=rgb)


def remove_colour(rgb: Float[Tensor, "N 3 H W"], chosen: Bool[Tensor, " N"]) -> Float[Tensor, "N 3 H W"]:
    """Makes the chosen images grey, in place."""
    rows = chosen.nonzero()[:, 0]
    return rgb.index_copy_(0, rows, _grey(rgb.index_select(0, rows)).expand(-1, 3, -1, -1))


def _grey(rgb: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 1 H W"]:
    red, green, blue = rgb.split(1, dim=1)
    return (_GREY[0] * red).add_(green, alpha=_GREY[1]).add_(blue, alpha=_GREY[2])
