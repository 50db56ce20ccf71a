"""Grids of images: views of each image, and nearest neighbours of each query."""

from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

WIDTH = 1200  # pixels; tiles shrink so that a grid is not wider
SMALLEST, ENLARGED, LARGEST = 32, 72, 112  # sides of a tile, in pixels: at least, of a small image, of a photograph
GAP, MARGIN, HEADER = 4, 12, 22
PAPER, INK = (255, 255, 255), (118, 118, 118)


def views_picture(
    views: Float[Tensor, "K P C S S"], originals: UInt8[Tensor, "P C H W"] | None, path: Path, rows: int = 8
) -> None:
    """Writes a PNG with a row per image: the original, then its K views.

    Args:
        views: values from 0 to 1; others are clipped.
        originals: the images that the views were generated from; without them, a row starts with its first view.
        path: the file to write.
        rows: how many images to show.
    """
    K, P = views.shape[:2]
    seen = (views.detach().clamp(0, 1) * 255).round().byte()
    columns = [(f"view {k + 1}", list(seen[k])) for k in range(K)]
    if originals is not None:
        columns.insert(0, ("original", list(originals)))
    _grid([(label, images[: min(rows, P)]) for label, images in columns], originals is not None).save(path)


def neighbours_picture(queries: UInt8[Tensor, "Q C H W"], neighbours: UInt8[Tensor, "Q M C H W"], path: Path) -> None:
    """Writes a PNG with a row per query: the query, then its M nearest neighbours.

    Args:
        queries: the images whose neighbours were looked up.
        neighbours: the nearest neighbours of each query, nearest first.
        path: the file to write.
    """
    ranks = ["nearest", *(str(m + 1) for m in range(1, neighbours.shape[1]))]
    found = [(rank, list(neighbours[:, m])) for m, rank in enumerate(ranks)]
    _grid([("query", list(queries)), *found], True).save(path)


def _grid(columns: list[tuple[str, list[Tensor]]], first_apart: bool) -> Image.Image:
    """Tiles in labelled columns; a wider gap may set the first column apart."""
    box = _tile_side(columns[-1][1][0], len(columns))
    pitch = box + GAP
    apart = 2 * MARGIN if first_apart else 0
    width = 2 * MARGIN + len(columns) * pitch - GAP + apart
    height = HEADER + len(columns[0][1]) * pitch - GAP + MARGIN
    grid = Image.new("RGB", (width, height), PAPER)
    draw, font = ImageDraw.Draw(grid), ImageFont.load_default(13)
    for i, (label, images) in enumerate(columns):
        left = MARGIN + i * pitch + (apart if i else 0)
        if draw.textlength(label, font) > box:
            label = label.split()[-1]
        draw.text((left + box / 2, HEADER / 2), label, INK, font, anchor="mm")
        for j, image in enumerate(images):
            tile = _fitted(image, box)
            offset = ((box - tile.width) // 2, (box - tile.height) // 2)
            grid.paste(tile, (left + offset[0], HEADER + j * pitch + offset[1]))
    return grid


def _tile_side(image: Tensor, columns: int) -> int:
    """Side of a tile in pixels: a whole multiple of a small image's side; a large image is reduced."""
    room = max(SMALLEST, WIDTH // columns - GAP)
    side = max(image.shape[-2:])
    enlarged = side * (min(room, ENLARGED) // side)
    return enlarged or min(side, room, LARGEST)


def _fitted(image: UInt8[Tensor, "C H W"], box: int) -> Image.Image:
    """The image as large as `box` allows; a small one is enlarged by a whole factor, so that its pixels stay square."""
    pixels = image.cpu().numpy()
    pixels = pixels[:3] if len(pixels) >= 3 else np.repeat(pixels[:1], 3, axis=0)
    tile = Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))
    factor = box // max(tile.size)
    if factor:
        return tile.resize((tile.width * factor, tile.height * factor), Image.Resampling.NEAREST)
    tile.thumbnail((box, box), Image.Resampling.LANCZOS)
    return tile
