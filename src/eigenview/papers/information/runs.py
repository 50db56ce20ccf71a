"""Runs that this paper's experiments share: objectives with an entropy and their baselines, under one budget."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor

from eigenview.data import channel_statistics, open_dataset, pack
from eigenview.nets import Encoder
from eigenview.papers.outcome import Scale
from eigenview.papers.small_runs import SIZES, run_of
from eigenview.papers.trained import Trainer
from eigenview.runs import ObjectiveRecipe, ProjectorRecipe, Recipe, Run, TeacherRecipe, list_checkpoints, load_model
from eigenview.training.learner import Learner
from eigenview.views import POLICIES

_LOG_DET = {"name": "LogDet", "beta": 0.01}
OBJECTIVES = {
    "SimCLR": ObjectiveRecipe("SimCLR", {"temperature": 0.5}),
    "Barlow Twins": ObjectiveRecipe("BarlowTwins", {"redundancy": 5e-3}),
    "VICReg": ObjectiveRecipe("VICReg", {"invariance": 25.0, "variance": 25.0, "covariance": 1.0}),
    "BYOL": ObjectiveRecipe("BYOL"),
    # The weight of the determinant, of the order of D, is VICReg's covariances'; pairs weigh as much as invariance.
    "VICReg + LogDet": ObjectiveRecipe("InvarianceEntropy", {"estimator": _LOG_DET, "invariance": 25.0}),
    "VICReg + pairs": ObjectiveRecipe("InvarianceEntropy", {"estimator": {"name": "kl"}, "invariance": 1.0}),
    "BYOL + LogDet": ObjectiveRecipe("BYOL", {"entropy": _LOG_DET, "entropy_weight": 0.04}),
}
"""Baselines, then what has a term of entropy in place of variance and covariance, or beside the prediction."""
BASELINES = ("SimCLR", "Barlow Twins", "VICReg", "BYOL")
STEPS: dict[Scale, int] = {"smoke": 40, "cpu": 600, "gpu": 100_000}
SEEDS: dict[Scale, tuple[int, ...]] = {"smoke": (0,), "cpu": (0, 1), "gpu": (0, 1, 2)}
CHECKPOINTS = 5
# With a smaller crop than this a view of so small an image shows nothing.
POLICY = replace(POLICIES["large"], crop=(0.2, 1.0))


def recipe_of(scale: Scale, objective: str, seed: int) -> Recipe:
    """The recipe of an objective: nets, views, optimiser and steps are the same for all."""
    recipe = run_of(
        scale,
        OBJECTIVES[objective],
        POLICY,
        P=256 if scale == "gpu" else 128,
        projector=ProjectorRecipe(128, hidden=(256 if scale != "gpu" else 2048,)),
        steps=STEPS[scale],
        checkpoints=CHECKPOINTS,
        seed=seed,
    )
    # Half the side: more steps in the same time.
    size = 16 if scale == "cpu" else recipe.data.size
    teacher = TeacherRecipe(0.95 if scale != "gpu" else 0.99) if objective.startswith("BYOL") else recipe.teacher
    return replace(recipe, data=replace(recipe.data, size=size), teacher=teacher)
