"""What training computes, counted."""

from dataclasses import replace

import torch
from torch.utils.flop_counter import FlopCounterMode

from eigenview.config import Recipe
from eigenview.data import TrainingBatch
from eigenview.runs.load import UNKNOWN
from eigenview.training.learner import Learner


def flops_of_step(recipe: Recipe) -> int:
    """Floating point operations of one update: what convolutions and matrix products take, forward and backward.

    A multiplication and an addition are two. Singular value decompositions, norms and augmentation are not counted.

    Args:
        recipe: of a run on images, as a run keeps it: with the size of its views.

    Raises:
        ValueError: a recipe of image–text pairs, or one that leaves the size of views open.
    """
    side = recipe.data.size
    if recipe.of_pairs or side is None:
        raise ValueError("operations are counted of runs on images whose views have a known size")
    t = recipe.training
    recipe = replace(recipe, training=replace(t, compile=False))  # which would hide what is called
    with torch.random.fork_rng():
        learner = Learner(recipe, UNKNOWN, steps=1)
        shape, generator = (t.P, 3, side, side), torch.Generator().manual_seed(0)
        images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
        with FlopCounterMode(display=False) as counter:
            learner.step(TrainingBatch(0, images, cropped=False))
    return counter.get_total_flops()
