from pathlib import Path

import numpy as np
import torch
from PIL import Image

from eigenview.config import Recipe
from eigenview.objectives import build_objective
from eigenview.runs import Checkpoint, Run, build_model, save_checkpoint

IMAGES = 60


def untrained_run(path: Path, text: str = "") -> Path:
    """A run of a small net on 60 small images that has made no step: a recipe and a checkpoint of its fresh weights."""
    images = path.parent / "images"
    if not images.exists():
        images.mkdir()
        generator = np.random.default_rng(0)
        for i in range(IMAGES):
            Image.fromarray(generator.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(images / f"{i:03}.png")
    base = "encoder: {name: convnet, options: {width: 8}}\nprojector: {D: 6, hidden: [16]}\n"
    recipe = Recipe.from_yaml(text, base=Recipe.from_yaml(f"{base}data: {{train: {images}, size: 8}}\n"))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build_model(recipe)
        objective = build_objective(recipe.objective.name, recipe.objective.options, 6)
        objective.constrain(model.projector)
        run = Run.create(path, recipe)
        save_checkpoint(run.checkpoints, Checkpoint(7, model.state_dict(), {}))
    return path
