"""Colour of whole batches, a different change for every image."""

from dataclasses import dataclass, fields

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from eigenview.views.policy import ViewPolicy

_GREY = (0.299, 0.587, 0.114)  # ITU-R 601-2, as PIL's "L" and torchvision have it
_CENTRES = (0.0, 2.0, 4.0)  # where red, green and blue lie on the circle of hues, in sixths


@dataclass(frozen=True)
class Colours:
    """What happens to the colour of each of N images, as the numbers that pixels are multiplied with.

    Args:
        own: factor of the pixel, for brightness, contrast and saturation together.
        shared: factor of the pixel's grey.
        lift: factor of the image's mean grey.
        shift: in turning the hue, where red, green and blue come to lie, in sixths of the circle within ±3.
        grey: whether all colour is taken away.
    """

    own: Float[Tensor, "N 1 1 1"]
    shared: Float[Tensor, "N 1 1 1"]
    lift: Float[Tensor, "N 1 1 1"]
    shift: Float[Tensor, "N 3 1 1"]
    grey: Bool[Tensor, " N"]

    @classmethod
    def of(
        cls,
        brightness: Float[Tensor, " N"],
        contrast: Float[Tensor, " N"],
        saturation: Float[Tensor, " N"],
        turns: Float[Tensor, " N"],
        grey: Bool[Tensor, " N"],
    ) -> "Colours":
        """Brightness b, then contrast c about the mean grey, then saturation s; then `turns` of the hue, in circles.

        The first three are x → bcs·x + bc(1 − s)·grey(x) + b(1 − c)·mean(grey).
        """
        gain = brightness * contrast
        factors = torch.stack([gain * saturation, gain * (1.0 - saturation), brightness * (1.0 - contrast)])
        own, shared, lift = factors[..., None, None, None]
        shift = (6.0 * turns[:, None] - turns.new_tensor(_CENTRES) + 3.0).remainder(6.0) - 3.0
        return cls(own, shared, lift, shift[..., None, None], grey)

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

    return Colours.of(
        brightness=factor(uniform[1], policy.brightness),
        contrast=factor(uniform[2], policy.contrast),
        saturation=factor(uniform[3], policy.saturation),
        turns=torch.where(chosen, policy.hue * (2.0 * uniform[4] - 1.0), 0.0),
        grey=uniform[5] < policy.grey,
    )


def mix_colours(images: Float[Tensor, "N C H W"], colours: Colours) -> Float[Tensor, "N C H W"]:
    """Brightness, contrast and saturation as one affine map of each image's colours, clipped once to [0, 1].

    Args:
        images: in [0, 1], C = 1 (which is its own grey) or 3.
        colours: what happens to each.
    """
    grey = images if images.shape[1] == 1 else _grey(images)
    offset = colours.lift * grey.mean((2, 3), keepdim=True)
    return torch.addcmul(torch.addcmul(offset, grey, colours.shared), images, colours.own).clamp_(0.0, 1.0)


def turn_hue(rgb: Float[Tensor, "N 3 H W"], colours: Colours) -> Float[Tensor, "N 3 H W"]:
    """Turns the hue of HSV, in place; saturation and value stay.

    The hue h, in sixths of the circle from red, has |h| = 1 + (g + b − r − min) / (max − min) ≤ 3 and the sign of
    g − b: no cases are needed. A channel whose own place on the circle is t ≤ 3 from the turned hue has the value
    min + (max − min)·clip(2 − t, 0, 1).
    """
    red, green, blue = rgb.unbind(1)
    low = torch.minimum(red, green).minimum(blue)
    chroma = torch.maximum(red, green).maximum(blue).sub_(low).clamp_(min=1e-12)
    hue = torch.addcdiv(rgb.new_ones(()), (green + blue).sub_(red).sub_(low), chroma).copysign_(green - blue)
    # |hue + shift| ≤ 6, so that 2 − t = ||hue + shift| − 3| − 1; this 1 is moved to `low`, which is smaller.
    weight = (hue[:, None] + colours.shift).abs_().sub_(3.0).abs_().clamp_(1.0, 2.0)
    return torch.addcmul(low.sub_(chroma)[:, None], weight, chroma[:, None], out=rgb)


def remove_colour(rgb: Float[Tensor, "N 3 H W"], chosen: Bool[Tensor, " N"]) -> Float[Tensor, "N 3 H W"]:
    """Makes the chosen images grey, in place."""
    rows = chosen.nonzero()[:, 0]
    return rgb.index_copy_(0, rows, _grey(rgb.index_select(0, rows)).expand(-1, 3, -1, -1))


def _grey(rgb: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 1 H W"]:
    red, green, blue = rgb.split(1, dim=1)
    return (_GREY[0] * red).add_(green, alpha=_GREY[1]).add_(blue, alpha=_GREY[2])
