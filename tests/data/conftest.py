"""Images that are drawn, and a cache that is thrown away."""

import io
from collections.abc import Callable
from pathlib import Path

import datasets.config
import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the `datasets` library caches in these tests goes with them."""
    datasets.config.HF_DATASETS_CACHE = tmp_path_factory.mktemp("cache")


@pytest.fixture
def draw() -> Callable[..., Image.Image]:
    """A function that draws smooth colours, another picture for every seed, alike at every size."""

    def drawn(seed: int, height: int = 24, width: int = 24) -> Image.Image:
        corners = np.random.default_rng(seed).integers(0, 256, (4, 4, 3)).astype(np.uint8)
        return Image.fromarray(corners).resize((width, height), Image.Resampling.BILINEAR)

    return drawn


@pytest.fixture
def encode() -> Callable[..., bytes]:
    """A function that encodes an image to bytes."""

    def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, format, **options)
        return buffer.getvalue()

    return encoded


@pytest.fixture
def folder(tmp_path: Path, draw: Callable[..., Image.Image]) -> Callable[..., Path]:
    """A function that fills a folder with drawn images of the given sizes: `photos/0.png`, `photos/1.png`, ..."""

    def filled(sizes: list[tuple[int, int]], ending: str = "png") -> Path:
        path = tmp_path / "photos"
        path.mkdir()
        for i, (height, width) in enumerate(sizes):
            draw(i, height, width).save(path / f"{i:03}.{ending}")
        return path

    return filled
