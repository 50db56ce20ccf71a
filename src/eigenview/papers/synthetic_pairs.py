"""Synthetic images with captions, for the `smoke` scale."""

import io
from itertools import product
from pathlib import Path

import numpy as np
from datasets import Dataset, Features, Value
from datasets import Image as ImageFeature
from PIL import Image, ImageDraw

from eigenview._files import atomic_write

_COLOURS = {
    "red": (210, 40, 40),
    "green": (40, 160, 60),
    "blue": (40, 70, 210),
    "yellow": (230, 200, 40),
    "purple": (140, 50, 160),
    "grey": (120, 120, 120),
}
_SHAPES, _PLACES, _SIDE = ("disc", "square", "bar"), {"left": 0.3, "middle": 0.5, "right": 0.7}, 16


def synthetic_pairs(folder: Path, copies: int, seed: int) -> Path:
    """Writes images of coloured shapes with captions such as "a red disc on the left", and returns their file.

    Args:
        folder: the directory to write to.
        copies: number of copies of each of the 54 kinds, with random positions.
        seed: random seed of the positions.
    """
    file = folder / f"pairs-{copies}-{seed}.parquet"
    if file.exists():
        return file
    generator, rows = np.random.default_rng(seed), {"image": [], "caption": []}
    for _, (colour, shape, place) in product(range(copies), product(_COLOURS, _SHAPES, _PLACES)):
        rows["image"].append({"path": None, "bytes": _png(colour, shape, place, generator)})
        rows["caption"].append(f"a {colour} {shape} on the {place}")
    table = Dataset.from_dict(
        rows, features=Features({"image": ImageFeature(decode=False), "caption": Value("string")})
    )
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_write(file) as temporary:
        table.to_parquet(temporary)
    return file


def _png(colour: str, shape: str, place: str, generator: np.random.Generator) -> bytes:
    image = Image.new("RGB", (_SIDE, _SIDE), (245, 245, 245))
    x, y = (np.array([_PLACES[place], 0.5]) + generator.uniform(-0.06, 0.06, 2)) * _SIDE
    wide, high = {"disc": (3, 3), "square": (3, 3), "bar": (1, 5)}[shape]
    box, draw = [x - wide, y - high, x + wide, y + high], ImageDraw.Draw(image)
    (draw.ellipse if shape == "disc" else draw.rectangle)(box, fill=_COLOURS[colour])
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
