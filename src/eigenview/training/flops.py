"""Floating point operations of an update."""

from dataclasses import replace

import torch
from torch.utils.flop_counter import FlopCounterMode

from eigenview.config import Recipe
from eigenview.data import TrainingBatch
from eigenview.runs.build import UNKNOWN
from eigenview.training.learner import Learner


def flops_of_step(recipe: Recipe) -> int:
    """Counts the floating point operations of one update: those of convolutions and matrix products, both passes.

    A multiply-add counts as two. Singular value decompositions, norms and augmentation are not counted.

    Args:
        recipe: a recipe on images with a known view size, as a run stores it.

    Raises:
        ValueError: the recipe trains on image–text pairs, or leaves the view size open.
    """
    side = recipe.data.size
    if recipe.of_pairs or side is None:
        raise ValueError("operations can be counted only for runs on images with a known view size")
    t = recipe.training
    recipe = replace(recipe, training=replace(t, compile=False))  # compiled code hides its calls from the counter
    with torch.random.fork_rng():
        learner = Learner(recipe, UNKNOWN, steps=1)
        shape, generator = (t.P, 3, side, side), torch.Generator().manual_seed(0)
        images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
        with FlopCounterMode(display=False) as counter:
            learner.step(TrainingBatch(0, images, cropped=False))
    return counter.get_total_flops()
