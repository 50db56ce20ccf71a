"""Small pictures of shapes, and what can be said of them."""

import io
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageDraw

COLOURS = {"red": (220, 40, 40), "green": (40, 190, 60), "blue": (50, 70, 230), "yellow": (240, 220, 50)}
SHAPES = ("square", "disc", "triangle")
PLACES = {"left": 0, "right": 8}
GROUNDS = {"black": (15, 15, 15), "white": (235, 235, 235)}
SCENES = list(product(COLOURS, SHAPES, PLACES, GROUNDS))  # 48, each with a caption that fits no other


def caption(scene: Sequence[str]) -> str:
    colour, shape, place, ground = scene
    return f"a {colour} {shape} on the {place} of a {ground} wall"


def picture(scene: Sequence[str], seed: int, side: int = 16) -> Image.Image:
    """The scene, a little elsewhere and in other light for every seed."""
    colour, shape, place, ground = scene
    generator = np.random.default_rng(seed)
    image = Image.new("RGB", (16, 16), GROUNDS[ground])
    left, top = PLACES[place] + int(generator.integers(0, 2)), int(generator.integers(2, 8))
    box = (left, top, left + 6, top + 6)
    draw = ImageDraw.Draw(image)
    if shape == "square":
        draw.rectangle(box, COLOURS[colour])
    elif shape == "disc":
        draw.ellipse(box, COLOURS[colour])
    else:
        draw.polygon([(left, top + 6), (left + 3, top), (left + 6, top + 6)], COLOURS[colour])
    pixels = np.asarray(image) + generator.normal(0, 8, (16, 16, 3))
    light = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    return light if side == 16 else light.resize((side, side))


def encoded(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def write_table(path: Path, images: Sequence[Image.Image | bytes], **columns: Any) -> str:
    """A Parquet file with the images and further columns."""
    cells = [{"bytes": x if isinstance(x, bytes) else encoded(x), "path": f"{i}.png"} for i, x in enumerate(images)]
    pq.write_table(pa.table({"image": cells, **columns}), path)
    return str(path)


def write_scenes(path: Path, copies: int, seed: int = 0, **columns: Any) -> str:
    """Every scene some times, with its caption and its shape as columns."""
    scenes = SCENES * copies
    pictures = [picture(scene, seed + i) for i, scene in enumerate(scenes)]
    said = [caption(scene) for scene in scenes]
    return write_table(path, pictures, **{"caption": said, "shape": [scene[1] for scene in scenes], **columns})
