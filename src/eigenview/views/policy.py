"""View policies: which augmentations are applied, and how strongly."""

import math
from dataclasses import dataclass, replace
from typing import Any

from eigenview._errors import UsageError
from eigenview._names import check_import_path, nearest

_SMALLEST_CROP = 1e-6  # share of an area; far less than a pixel of any image


@dataclass(frozen=True)
class ViewPolicy:
    """Random augmentations of a view; the defaults change nothing.

    Raises:
        UsageError: a value is out of range.
    """

    crop: tuple[float, float] = (1.0, 1.0)
    """Range of the crop's area, as a fraction of the image; (1, 1) disables cropping."""
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    """Range of the crop's aspect ratio, width over height; images outside it are cropped to fit."""
    flip: float = 0.0
    """Probability of a horizontal flip."""
    jitter: float = 0.0
    """Probability of color jitter: a change of brightness, contrast, saturation and hue."""
    brightness: float = 0.0
    """Brightness jitter: the factor is sampled from 1 ± this value."""
    contrast: float = 0.0
    """Contrast jitter, about the image's mean gray: the factor is sampled from 1 ± this value."""
    saturation: float = 0.0
    """Saturation jitter, about each pixel's gray: the factor is sampled from 1 ± this value."""
    hue: float = 0.0
    """Maximum hue shift in either direction, as a fraction of the color circle (at most 0.5)."""
    grey: float = 0.0
    """Probability of conversion to grayscale."""
    blur: float = 0.0
    """Probability of a Gaussian blur."""
    blur_sigma: tuple[float, float] = (0.1, 2.0)
    """Range of the blur's standard deviation, in pixels of the view."""
    noise: float = 0.0
    """Standard deviation of Gaussian noise on pixels in [0, 1]; the result is clipped to that range."""
    rotation: float = 0.0
    """Maximum rotation in either direction, in degrees; images are mirrored beyond their edges."""
    custom: tuple[str, ...] = ()
    """Import paths `module:function` of your own transforms, `(views[N,C,S,S], generator) -> views`; applied last."""

    def __post_init__(self) -> None:
        for name in ("flip", "jitter", "grey", "blur"):
            _check(name, getattr(self, name), 0.0, 1.0)
        for name in ("brightness", "contrast", "saturation", "noise"):
            _check(name, getattr(self, name), 0.0, math.inf)
        _check("hue", self.hue, 0.0, 0.5)
        _check("rotation", self.rotation, 0.0, 180.0)
        _check_range("crop", self.crop, above=0.0, most=1.0)
        _check_range("ratio", self.ratio, above=0.0, most=math.inf)
        _check_range("blur_sigma", self.blur_sigma, above=-math.ulp(0.0), most=math.inf)
        if isinstance(self.custom, str):
            raise UsageError(f"view policy: custom must be a list of import paths, not {self.custom!r}")
        for path in self.custom:
            check_import_path(path, "view transform")

    @staticmethod
    def from_name(name: str) -> "ViewPolicy":
        """The built-in policy of that name.

        Raises:
            UsageError: the name is unknown.
        """
        if name not in POLICIES:
            raise UsageError(f"unknown view policy '{name}': {nearest(name, POLICIES)}")
        return POLICIES[name]

    def scaled(self, strength: float) -> "ViewPolicy":
        """The same augmentations, weaker or stronger: 0 changes nothing, 1 is this policy.

        Augmentations with a magnitude (crop, color, blur width, noise, rotation) are scaled in magnitude, the crop's
        area as a power, and keep their probability; flip and grayscale are scaled in probability. Values stop at the
        limits of what is valid, and a flip at probability ½, beyond which it would vary less. Custom transforms stay
        as they are, except that strength 0 drops them.

        Args:
            strength: finite and at least 0.

        Raises:
            UsageError: strength is negative or not finite.
        """
        _check("strength", strength, 0.0, math.inf)
        return replace(
            self,
            crop=(max(self.crop[0] ** strength, _SMALLEST_CROP), max(self.crop[1] ** strength, _SMALLEST_CROP)),
            flip=min(self.flip * strength, max(self.flip, 0.5)),
            brightness=self.brightness * strength,
            contrast=self.contrast * strength,
            saturation=self.saturation * strength,
            hue=min(self.hue * strength, 0.5),
            grey=min(self.grey * strength, 1.0),
            blur_sigma=(self.blur_sigma[0] * strength, self.blur_sigma[1] * strength),
            noise=self.noise * strength,
            rotation=min(self.rotation * strength, 180.0),
            custom=self.custom if strength else (),
        )


def _check(name: str, value: Any, least: float, most: float) -> None:
    if not (_finite(value) and least <= value <= most):
        span = f"between {least:g} and {most:g}" if math.isfinite(most) else f"finite and at least {least:g}"
        raise UsageError(f"view policy: {name} must be a number {span}, not {value!r}")


def _check_range(name: str, value: Any, above: float, most: float) -> None:
    pair = isinstance(value, (tuple, list)) and len(value) == 2 and all(map(_finite, value))
    if not (pair and above < value[0] <= value[1] <= most):
        limit = f" and at most {most:g}" if math.isfinite(most) else ""
        least = "at least 0" if above < 0 else "above 0"
        raise UsageError(f"view policy: {name} must be two numbers, smaller first, {least}{limit}, not {value!r}")


def _finite(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def _crops(area: float, flip: float, strength: float) -> ViewPolicy:
    """A policy in the form of the paper's three: color jitter with probability 0.8, grayscale with 0.2."""
    color = 0.8 * strength
    return ViewPolicy(
        crop=(area, 1.0),
        flip=flip,
        jitter=0.8,
        brightness=color,
        contrast=color,
        saturation=color,
        hue=0.2 * strength,
        grey=0.2,
    )


POLICIES: dict[str, ViewPolicy] = {
    "identity": ViewPolicy(),
    "small": _crops(area=0.9, flip=0.0, strength=0.05),
    "moderate": _crops(area=0.5, flip=0.5, strength=0.25),
    "large": _crops(area=0.08, flip=0.5, strength=0.5),
}
"""The built-in policies. Source: geometry, Sec. 5 ("small", "moderate" and "large" augmentation)."""
