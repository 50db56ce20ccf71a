"""A grid of augmented views, to look at before training on them."""

from pathlib import Path

import numpy as np
import torch

from eigenview._errors import UsageError
from eigenview.data import open_images, pack
from eigenview.plotting.image_grids import views_picture
from eigenview.views import ViewPolicy, augment

ROWS = 8
LARGEST = 1024


def draw_views(source: str, policy: ViewPolicy, K: int, size: int | None, seed: int, out: Path) -> None:
    """Writes a PNG of eight images, evenly spaced in their source, and K views of each.

    Args:
        source: images, as for training.
        policy: how views are generated.
        K: views of each image.
        size: side of a view in pixels; by default the images' own if they share one, else 128.
        seed: random seed of the views.
        out: the PNG file.

    Raises:
        UsageError: images that cannot be opened, a number out of range, or a file that cannot be written.
    """
    if K < 1:
        raise UsageError(f"--views must be at least 1, not {K}")
    if size is not None and not 1 <= size <= LARGEST:
        raise UsageError(f"--size must be from 1 to {LARGEST} pixels, not {size}")
    if out.suffix.lower() != ".png":
        raise UsageError(f"--out {out}: the extension must be .png")
    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: the directory {out.parent} does not exist")
    images = open_images(source)
    if size is None:
        size = min(images.size) if images.size else 128
    few = pack(
        images,
        None if images.size else 2 * size,
        np.linspace(0, len(images) - 1, min(ROWS, len(images))).astype(np.int64),
    )
    views = augment(few, policy, K, torch.Generator().manual_seed(seed), size)
    views_picture(views, few, out)
