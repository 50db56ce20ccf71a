"""Decoding of image files of any format and mode to eight-bit RGB."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

# Raster formats only: PostScript would start Ghostscript, and HDF5 or MPEG files hold no single image.
_WANTED = ("AVIF", "BMP", "GIF", "ICO", "JPEG", "JPEG2000", "MPO", "PCX", "PNG", "PPM", "SGI", "TGA", "TIFF", "WEBP")
_ORIENTATION = 0x0112


class UndecodableError(ValueError):
    """The file is not an image, or is damaged."""


def formats() -> tuple[str, ...]:
    """The supported image formats, as this build of Pillow names them."""
    Image.init()
    return tuple(name for name in _WANTED if name in Image.OPEN)


def extensions() -> set[str]:
    """The extensions of image files, in lower case and with their dot."""
    known = formats()
    return {ending for ending, name in Image.registered_extensions().items() if name in known}


@contextmanager
def quiet() -> Iterator[None]:
    """Silences Pillow's warnings on large, odd or half-broken files; enter it in the main thread, around any pool."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read_size(encoded: bytes | str) -> tuple[int, int]:
    """Height and width of an image after decoding, from its header alone.

    Args:
        encoded: the file's bytes, or its path.

    Raises:
        UndecodableError: the header is not that of an image.
    """
    with _opened(encoded) as image:
        width, height = image.size
        # Pillow decodes a whole PNG to find its orientation, so that of a PNG is ignored here.
        turned = image.format != "PNG" and image.getexif().get(_ORIENTATION, 1) >= 5
    return (width, height) if turned else (height, width)


def read_rgb(encoded: bytes | str) -> Image.Image:
    """The image (the first frame of several) in RGB, upright, with transparency on white.

    Args:
        encoded: the file's bytes, or its path.

    Raises:
        UndecodableError: the file is not an image, is cut short, or is damaged.
    """
    with _opened(encoded) as image:
        image.load()
        return _to_rgb(ImageOps.exif_transpose(image))


@contextmanager
def _opened(encoded: bytes | str) -> Iterator[Image.Image]:
    source: IO[bytes] | Path = io.BytesIO(encoded) if isinstance(encoded, bytes) else Path(encoded)
    try:
        with Image.open(source, formats=formats()) as image:
            yield image
    except UnidentifiedImageError:
        raise UndecodableError("not an image") from None
    except Exception as error:  # a damaged file can make Pillow raise anything
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UndecodableError(reason) from error


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        grey = np.asarray(image).astype(np.int64)
        return Image.fromarray(((grey + 128) // 257).astype(np.uint8)).convert("RGB")
    if image.mode == "I":
        grey = np.asarray(image).astype(np.int64).clip(0, 65535)
        # A file of 32-bit integers does not state its range.
        return Image.fromarray((grey if grey.max() <= 255 else (grey + 128) // 257).astype(np.uint8)).convert("RGB")
    if image.mode == "F":
        return Image.fromarray(_eight_bits(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    return image.convert("RGB")


def _eight_bits(grey: np.ndarray) -> np.ndarray:
    """Converts floats of unknown range: 0..1 and 0..255 are kept, a larger range is scaled to its maximum."""
    grey = np.nan_to_num(grey, posinf=0, neginf=0)
    largest = grey.max()
    scale = 255 if largest <= 1 else 255 / max(largest, 255)
    return np.round(grey * scale).clip(0, 255).astype(np.uint8)
