"""All transforms of a view: their parameters are sampled for many views at once, then applied block by block."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from eigenview.views.affine import resample, sample_affine_maps
from eigenview.views.blur import gaussian_blur
from eigenview.views.color import ColorJitter, adjust_color, sample_color_jitter, shift_hue, to_grayscale
from eigenview.views.policy import ViewPolicy


@dataclass(frozen=True)
class TransformParameters:
    """Parameters of the transforms of N images, except the noise.

    Args:
        maps: affine map of each view to its image (see `affine_map`); None if the view is the whole image or its flip.
        flip: whether the image is flipped; `maps` include it.
        colors: color jitter.
        blurred: whether the image is blurred.
        sigma: standard deviation of the blur, in pixels.
    """

    maps: Float[Tensor, "N 3 2"] | None
    flip: Bool[Tensor, " N"]
    colors: ColorJitter
    blurred: Bool[Tensor, " N"]
    sigma: Float[Tensor, " N"]

    def __getitem__(self, rows: slice) -> "TransformParameters":
        maps = None if self.maps is None else self.maps[rows]
        return TransformParameters(maps, self.flip[rows], self.colors[rows], self.blurred[rows], self.sigma[rows])


def sample_transforms(
    count: int,
    height: int,
    width: int,
    policy: ViewPolicy,
    size: int,
    generator: torch.Generator,
    device: torch.device,
) -> TransformParameters:
    """Samples the parameters for N = `count` images of `height` × `width` pixels that become views of side `size`."""
    uniform = torch.rand(4, count, generator=generator, device=generator.device).to(device)
    flip = uniform[0] < policy.flip
    maps = None
    if policy.crop != (1.0, 1.0) or policy.rotation or (height, width) != (size, size):
        degrees = policy.rotation * (2.0 * uniform[1] - 1.0)
        maps = sample_affine_maps(flip, degrees, height, width, policy, generator)
    low, high = policy.blur_sigma
    return TransformParameters(
        maps=maps,
        flip=flip,
        colors=sample_color_jitter(count, policy, generator, device),
        blurred=uniform[2] < policy.blur,
        sigma=low + (high - low) * uniform[3],
    )


def apply_transforms(
    parameters: TransformParameters,
    images: UInt8[Tensor, "N C H W"],
    policy: ViewPolicy,
    size: int,
    generator: torch.Generator,
) -> Float[Tensor, "N C S S"]:
    """Views in [0, 1]; a transform that `policy` never uses is skipped, and noise is sampled here."""
    if parameters.maps is not None:
        views = resample(images.float().div_(255.0), parameters.maps, size, rotated=policy.rotation > 0.0)
    else:
        if policy.flip:
            images = torch.where(parameters.flip[:, None, None, None], images.flip(-1), images)
        views = images.float().div_(255.0)

    coloured = views.shape[1] == 3
    if policy.jitter and (policy.brightness or policy.contrast or policy.saturation):
        views = adjust_color(views, parameters.colors)
    if policy.jitter and policy.hue and coloured:
        views = shift_hue(views, parameters.colors)
    if policy.grey and coloured:
        views = to_grayscale(views, parameters.colors.grey)

    if policy.blur and len(rows := parameters.blurred.nonzero()[:, 0]):
        views[rows] = gaussian_blur(views[rows], parameters.sigma[rows], policy.blur_sigma[1])
    if policy.noise:
        noise = torch.randn(views.shape, generator=generator, device=generator.device).to(views.device)
        views = views.add_(noise, alpha=policy.noise).clamp_(0.0, 1.0)
    return views
