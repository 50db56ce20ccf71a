"""Everything that happens between an image and a view of it: drawn for many at once, then applied block by block."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from eigenview.views.affine import draw_places, resample
from eigenview.views.blur import gaussian_blur
from eigenview.views.colour import Colours, draw_colours, mix_colours, remove_colour, turn_hue
from eigenview.views.policy import ViewPolicy


@dataclass(frozen=True)
class Changes:
    """What happens to each of N images, but for the noise.

    Args:
        places: where each view looks (see `place`); None if it looks at the whole image, which `flip` may mirror.
        flip: whether the image is mirrored; with `places`, those know it.
        colours: what happens to its colour.
        blurred: whether it is blurred.
        sigma: standard deviation of its blur, in pixels.
    """

    places: Float[Tensor, "N 3 2"] | None
    flip: Bool[Tensor, " N"]
    colours: Colours
    blurred: Bool[Tensor, " N"]
    sigma: Float[Tensor, " N"]

    def __getitem__(self, rows: slice) -> "Changes":
        places = None if self.places is None else self.places[rows]
        return Changes(places, self.flip[rows], self.colours[rows], self.blurred[rows], self.sigma[rows])


def draw_changes(
    count: int,
    height: int,
    width: int,
    policy: ViewPolicy,
    size: int,
    generator: torch.Generator,
    device: torch.device,
) -> Changes:
    """Draws what happens to N = `count` images of `height` × `width` pixels that become views of side `size`."""
    uniform = torch.rand(4, count, generator=generator, device=generator.device).to(device)
    flip = uniform[0] < policy.flip
    places = None
    if policy.crop != (1.0, 1.0) or policy.rotation or (height, width) != (size, size):
        degrees = policy.rotation * (2.0 * uniform[1] - 1.0)
        places = draw_places(flip, degrees, height, width, policy, generator)
    low, high = policy.blur_sigma
    return Changes(
        places=places,
        flip=flip,
        colours=draw_colours(count, policy, generator, device),
        blurred=uniform[2] < policy.blur,
        sigma=low + (high - low) * uniform[3],
    )


def apply(
    changes: Changes, images: UInt8[Tensor, "N C H W"], policy: ViewPolicy, size: int, generator: torch.Generator
) -> Float[Tensor, "N C S S"]:
    """Views in [0, 1]; a stage that `policy` never uses is skipped, and noise is drawn here."""
    if changes.places is not None:
        views = resample(images.float().div_(255.0), changes.places, size, rotated=policy.rotation > 0.0)
    else:
        if policy.flip:
            images = torch.where(changes.flip[:, None, None, None], images.flip(-1), images)
        views = images.float().div_(255.0)

    coloured = views.shape[1] == 3
    if policy.jitter and (policy.brightness or policy.contrast or policy.saturation):
        views = mix_colours(views, changes.colours)
    if policy.jitter and policy.hue and coloured:
        views = turn_hue(views, changes.colours)
    if policy.grey and coloured:
        views = remove_colour(views, changes.colours.grey)

    if policy.blur and len(rows := changes.blurred.nonzero()[:, 0]):
        views[rows] = gaussian_blur(views[rows], changes.sigma[rows], policy.blur_sigma[1])
    if policy.noise:
        noise = torch.randn(views.shape, generator=generator, device=generator.device).to(views.device)
        views = views.add_(noise, alpha=policy.noise).clamp_(0.0, 1.0)
    return views
