"""Color jitter and grayscale of a batch, with different parameters for each image."""

from dataclasses import dataclass, fields

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from eigenview.views.policy import ViewPolicy

_GRAY = (0.299, 0.587, 0.114)  # ITU-R 601-2, as PIL's "L" and torchvision have it
_CENTRES = (0.0, 2.0, 4.0)  # positions of red, green and blue on the circle of hues, in sixths


@dataclass(frozen=True)
class ColorJitter:
    """Color transforms of N images, as coefficients of pixels.

    Args:
        own: coefficient of the pixel, for brightness, contrast and saturation together.
        shared: coefficient of the pixel's gray.
        lift: coefficient of the image's mean gray.
        shift: positions of red, green and blue after the hue shift, in sixths of the color circle within ±3.
        grey: whether the image becomes grayscale.
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
    ) -> "ColorJitter":
        """Brightness b, then contrast c about the mean gray, then saturation s; then a hue shift by `turns` circles.

        The first three are x → bcs·x + bc(1 − s)·gray(x) + b(1 − c)·mean(gray).
        """
        gain = brightness * contrast
        factors = torch.stack([gain * saturation, gain * (1.0 - saturation), brightness * (1.0 - contrast)])
        own, shared, lift = factors[..., None, None, None]
        shift = (6.0 * turns[:, None] - turns.new_tensor(_CENTRES) + 3.0).remainder(6.0) - 3.0
        return cls(own, shared, lift, shift[..., None, None], grey)

    def __getitem__(self, rows: slice) -> "ColorJitter":
        return ColorJitter(*(getattr(self, field.name)[rows] for field in fields(self)))


def sample_color_jitter(
    count: int, policy: ViewPolicy, generator: torch.Generator, device: torch.device
) -> ColorJitter:
    """Samples color transforms for N = `count` images.

    Factors are uniform in [max(0, 1 − b), 1 + b] and turns in [−h, h], as in torchvision.
    """
    uniform = torch.rand(6, count, generator=generator, device=generator.device).to(device)
    chosen = uniform[0] < policy.jitter

    def factor(row: Tensor, most: float) -> Tensor:
        least = max(0.0, 1.0 - most)
        return torch.where(chosen, least + (1.0 + most - least) * row, 1.0)

    return ColorJitter.of(
        brightness=factor(uniform[1], policy.brightness),
        contrast=factor(uniform[2], policy.contrast),
        saturation=factor(uniform[3], policy.saturation),
        turns=torch.where(chosen, policy.hue * (2.0 * uniform[4] - 1.0), 0.0),
        grey=uniform[5] < policy.grey,
    )


def adjust_color(images: Float[Tensor, "N C H W"], colors: ColorJitter) -> Float[Tensor, "N C H W"]:
    """Brightness, contrast and saturation as one affine map of each image's colors, clipped once to [0, 1].

    Args:
        images: in [0, 1], with C = 1 (its own gray) or 3.
        colors: coefficients of each image.
    """
    grey = images if images.shape[1] == 1 else _gray(images)
    offset = colors.lift * grey.mean((2, 3), keepdim=True)
    return torch.addcmul(torch.addcmul(offset, grey, colors.shared), images, colors.own).clamp_(0.0, 1.0)


def shift_hue(rgb: Float[Tensor, "N 3 H W"], colors: ColorJitter) -> Float[Tensor, "N 3 H W"]:
    """Shifts the hue of HSV in place; saturation and value stay.

    The hue h, in sixths of the circle from red, has |h| = 1 + (g + b − r − min) / (max − min) ≤ 3 and the sign of
    g − b: no cases are needed. A channel whose own place on the circle is t ≤ 3 from the turned hue has the value
    min + (max − min)·clip(2 − t, 0, 1).
    """
    red, green, blue = rgb.unbind(1)
    low = torch.minimum(red, green).minimum(blue)
    chroma = torch.maximum(red, green).maximum(blue).sub_(low).clamp_(min=1e-12)
    hue = torch.addcdiv(rgb.new_ones(()), (green + blue).sub_(red).sub_(low), chroma).copysign_(green - blue)
    # |hue + shift| ≤ 6, so that 2 − t = ||hue + shift| − 3| − 1; this 1 is moved to `low`, which is smaller.
    weight = (hue[:, None] + colors.shift).abs_().sub_(3.0).abs_().clamp_(1.0, 2.0)
    return torch.addcmul(low.sub_(chroma)[:, None], weight, chroma[:, None], out=rgb)


def to_grayscale(rgb: Float[Tensor, "N 3 H W"], chosen: Bool[Tensor, " N"]) -> Float[Tensor, "N 3 H W"]:
    """Converts the chosen images to grayscale, in place."""
    rows = chosen.nonzero()[:, 0]
    return rgb.index_copy_(0, rows, _gray(rgb.index_select(0, rows)).expand(-1, 3, -1, -1))


def _gray(rgb: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 1 H W"]:
    red, green, blue = rgb.split(1, dim=1)
    return (_GRAY[0] * red).add_(green, alpha=_GRAY[1]).add_(blue, alpha=_GRAY[2])
