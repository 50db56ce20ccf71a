import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eigenview.config import (
    EncoderRecipe,
    ObjectiveRecipe,
    OptimizerRecipe,
    ProjectorRecipe,
    Recipe,
    TrainingRecipe,
    find_recipe,
)


@pytest.fixture(scope="session")
def tiny() -> Recipe:
    """A run of seconds on the digits: every part of a real one, only narrower."""
    return dataclasses.replace(
        find_recipe("digits"),
        encoder=EncoderRecipe("convnet", {"width": 8}),
        projector=ProjectorRecipe(D=16, hidden=(32,)),
        objective=ObjectiveRecipe("InfoNCE", {"temperature": 0.2}),
        optimizer=OptimizerRecipe("sgd", lr=0.05),
        training=TrainingRecipe(P=64, steps=12, measure_every=3, checkpoint_every=5),
    )


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two folders of drawn photographs of all sizes, and one file that is none."""
    generator = np.random.default_rng(0)
    for name, colour in {"red": (220, 60, 40), "blue": (30, 60, 200)}.items():
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(12):
            height, width = generator.integers(20, 60, 2)
            pixels = np.clip(np.array(colour) + generator.normal(0, 40, (height, width, 3)), 0, 255)
            Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "photos" / name / f"{i}.png")
    (tmp_path / "photos" / "red" / "broken.png").write_text("not an image")
    return tmp_path / "photos"
