"""The runs that the paper's experiments share: objectives with an entropy estimate and baselines, on one budget."""

from dataclasses import replace

import torch

from eigenview.config import ObjectiveRecipe, ProjectorRecipe, Recipe, TeacherRecipe
from eigenview.data import Images, channel_statistics
from eigenview.nets import Encoder
from eigenview.papers.experiment import Scale
from eigenview.papers.run_cache import RunCache
from eigenview.papers.scales import SIZES, image_recipe
from eigenview.runs import Run
from eigenview.training.learner import Learner
from eigenview.views import POLICIES

_LOG_DET = {"name": "LogDet", "beta": 1.0}
OBJECTIVES = {
    "SimCLR": ObjectiveRecipe("SimCLR", {"temperature": 0.1}),
    "Barlow Twins": ObjectiveRecipe("BarlowTwins", {"redundancy": 0.08}),
    "VICReg": ObjectiveRecipe("VICReg", {"invariance": 6.25, "variance": 25.0, "covariance": 1.0}),
    "BYOL": ObjectiveRecipe("BYOL"),
    "VICReg + LogDet": ObjectiveRecipe("InvarianceEntropy", {"estimator": _LOG_DET, "invariance": 25.0}),
    "VICReg + pairs": ObjectiveRecipe("InvarianceEntropy", {"estimator": {"name": "kl"}, "invariance": 2.0}),
    "BYOL + LogDet": ObjectiveRecipe("BYOL", {"entropy": _LOG_DET, "entropy_weight": 0.0025}),
}
"""Baselines, then objectives with an entropy estimate in place of variance and covariance, or beside the prediction.

The weights are the best of three to seven settings by a linear probe on a fifth of CIFAR-10's training images, after
one `cpu` run each with seed 7. What mattered most was β of the determinant and its balance with invariance.
"""
BASELINES = ("SimCLR", "Barlow Twins", "VICReg", "BYOL")
STEPS: dict[Scale, int] = {"smoke": 10, "cpu": 600, "gpu": 100_000}
SEEDS: dict[Scale, tuple[int, ...]] = {"smoke": (0,), "cpu": (0, 1), "gpu": (0, 1, 2)}
CHECKPOINTS = 5
# A smaller crop of so small an image shows nothing.
POLICY = replace(POLICIES["large"], crop=(0.2, 1.0))


def objective_recipe(scale: Scale, objective: str, seed: int) -> Recipe:
    """The recipe of an objective; nets, views, optimizer and steps are the same for all."""
    recipe = image_recipe(
        scale,
        OBJECTIVES[objective],
        POLICY,
        P=256 if scale == "gpu" else 128,
        projector=ProjectorRecipe(128, hidden=(256 if scale != "gpu" else 2048,)),
        steps=STEPS[scale],
        checkpoints=CHECKPOINTS,
        seed=seed,
        side=16 if scale == "cpu" else None,  # half the paper's side, for more steps in the same time
    )
    teacher = TeacherRecipe(0.95 if scale != "gpu" else 0.99) if objective.startswith("BYOL") else recipe.teacher
    return replace(recipe, teacher=teacher)


def train_runs(scale: Scale, runs: RunCache) -> dict[tuple[str, int], Run]:
    """The runs of a scale, by objective and seed."""
    order = [(objective, seed) for objective in OBJECTIVES for seed in SEEDS[scale]]
    return dict(zip(order, runs([objective_recipe(scale, *each) for each in order]), strict=True))


def untrained_encoder(recipe: Recipe, images: Images) -> Encoder:
    """The encoder with which a run begins."""
    with torch.random.fork_rng():
        return Learner(recipe, channel_statistics(images), recipe.training.steps).model.encoder.eval()


def describe_setting(scale: Scale) -> str:
    """The net, the images and the training in words, for a caption."""
    side = " on CIFAR-10 at 16 × 16 pixels" if scale == "cpu" else ""
    net, P = f"{SIZES[scale].description}{side}", 256 if scale == "gpu" else 128
    projector = "a projector with one hidden layer to D = 128"
    return f"{net[0].upper()}{net[1:]}, {projector}, {STEPS[scale]:,} steps at P = {P}"
