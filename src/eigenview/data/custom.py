"""Data sources from outside the package, named by import paths."""

import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset, Features
from datasets import Image as ImageFeature
from jaxtyping import Int64, UInt8
from PIL import Image

from eigenview._errors import UsageError
from eigenview._names import resolve

ENCODED = Features({"image": ImageFeature(decode=False)})
"""The columns of a table of encoded images."""

_IMPORT_PATH = re.compile(r"[^\W\d]\w+(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")  # no drive letter of Windows
_RETURNS = "a datasets.Dataset, uint8 images [N, H, W, 3], (images, labels), or None without such a split"


def is_import_path(source: str) -> bool:
    """Whether a source reads `module:function`; a file or a folder of that name takes precedence."""
    return bool(_IMPORT_PATH.fullmatch(source)) and not Path(source).exists()


def from_import_path(
    source: str, split: str
) -> Dataset | tuple[UInt8[np.ndarray, "N H W *C"], Int64[np.ndarray, "N"] | None] | None:
    """What the function at an import path returns for a split: a table, or images and their labels.

    Args:
        source: import path `module:function`. The function takes the split, "train", "test" or "validation", and
            returns a `datasets.Dataset`, uint8 images [N, H, W, 3] or [N, H, W], a pair of such images and integer
            labels [N], or None if it has no such split.
        split: "train", "test" or "validation"; "test" takes the validation split if there is no other.

    Raises:
        UsageError: the function cannot be imported, fails, or returns anything else.
    """
    load = resolve(source, {}, "data source")
    for wanted in ("test", "validation") if split == "test" else (split,):
        try:
            found = load(wanted)
        except Exception as error:  # whatever the user's function does
            reason = str(error).splitlines()[0] if str(error) else ""
            raise UsageError(f"data source '{source}' failed: {type(error).__name__}: {reason}") from error
        if found is not None:
            return found if isinstance(found, Dataset) else _images_and_labels(found, source)
    return None


def encoded_table(images: UInt8[np.ndarray, "N H W *C"], names: Iterable[str]) -> Dataset:
    """A table of images, encoded as PNG, with their names as paths.

    Args:
        images: in RGB or gray.
        names: one for each image, for messages.
    """
    cells = [{"path": name, "bytes": _png(image)} for name, image in zip(names, images, strict=True)]
    return Dataset.from_dict({"image": cells}, features=ENCODED)


def _images_and_labels(found: Any, source: str) -> tuple[UInt8[np.ndarray, "N H W *C"], Int64[np.ndarray, "N"] | None]:
    images, labels = found if isinstance(found, tuple) and len(found) == 2 else (found, None)
    if not isinstance(images, np.ndarray):
        raise UsageError(f"data source '{source}' must return {_RETURNS}; it returned a {type(found).__name__}")
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] not in (1, 3)):
        raise UsageError(
            f"data source '{source}' must return uint8 images [N, H, W, 3], not {images.dtype} {[*images.shape]}"
        )
    images = images[..., 0] if images.ndim == 4 and images.shape[3] == 1 else images
    if labels is None:
        return images, None
    labels = np.asarray(labels)
    if labels.shape != (len(images),) or labels.dtype.kind not in "iu" or (labels < 0).any():
        raise UsageError(
            f"data source '{source}' must return {len(images)} integer labels of at least 0, "
            f"not {labels.dtype} {[*labels.shape]}"
        )
    return images, labels.astype(np.int64)


def _png(pixels: UInt8[np.ndarray, "H W *C"]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
