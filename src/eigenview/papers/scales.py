"""Recipes by scale: the paper's net and images, or smaller ones."""

from dataclasses import dataclass

from eigenview.config import (
    DataRecipe,
    EncoderRecipe,
    ObjectiveRecipe,
    OptimizerRecipe,
    ProjectorRecipe,
    Recipe,
    TrainingRecipe,
    ViewsRecipe,
)
from eigenview.papers.datasets import data_recipe
from eigenview.papers.experiment import Scale
from eigenview.views import ViewPolicy


@dataclass(frozen=True)
class Size:
    """The net and the view size of a scale.

    Args:
        encoder: the net.
        side: view size in pixels; None is the images' own size.
        description: both in words, for a caption.
    """

    encoder: EncoderRecipe
    side: int | None
    description: str


SIZES: dict[Scale, Size] = {
    "smoke": Size(EncoderRecipe("convnet", {"width": 16}), None, "a small convolutional net on scikit-learn's digits"),
    "cpu": Size(EncoderRecipe("resnet18", {"width": 8, "stem": "small"}), 32, "a ResNet-18 of one eighth the width"),
    "gpu": Size(EncoderRecipe("resnet18", {"width": 64, "stem": "small"}), 32, "a ResNet-18"),
}


def image_recipe(
    scale: Scale,
    objective: ObjectiveRecipe,
    policy: str | ViewPolicy,
    *,
    data: str = "cifar10",
    P: int = 128,
    K: int = 2,
    projector: ProjectorRecipe | None = None,
    optimizer: OptimizerRecipe | None = None,
    steps: int = 400,
    checkpoints: int = 1,
    seed: int = 0,
    side: int | None = None,
) -> Recipe:
    """The recipe of a run on images.

    Args:
        scale: decides the net, the images and the view size.
        objective: the objective.
        policy: the view policy, or its name.
        data: name of the images in `$EIGENVIEW_DATA`.
        P: batch size.
        K: views per sample.
        projector: by default a linear one to 128 dimensions, as in the geometry paper.
        optimizer: by default Adam at 1e-3.
        steps: number of updates.
        checkpoints: number of checkpoints, evenly spaced and including the last step.
        seed: random seed.
        side: view size in pixels; by default that of the scale.
    """
    size, source, every = SIZES[scale], data_recipe(data, scale), max(1, steps // checkpoints)
    return Recipe(
        data=DataRecipe(source.train, source.test, size=side or size.side),
        views=ViewsRecipe(K, ViewPolicy.from_name(policy) if isinstance(policy, str) else policy),
        encoder=size.encoder,
        projector=projector or ProjectorRecipe(128, hidden=()),
        objective=objective,
        optimizer=optimizer or OptimizerRecipe("adam", lr=1e-3, weight_decay=1e-6),
        training=TrainingRecipe(
            P, steps, seed=seed, measure_every=every, checkpoint_every=every, checkpoints_kept=checkpoints + 1
        ),
    )
