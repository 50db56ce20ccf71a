"""Runs that a scale has time for: the paper's net and images, or less of them."""

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
from eigenview.papers.datasets import data_of
from eigenview.papers.outcome import Scale
from eigenview.views import ViewPolicy


@dataclass(frozen=True)
class Size:
    """What a scale has time for.

    Args:
        encoder: the net.
        side: of a view, in pixels; None is the images' own.
        says: both, in words for a caption.
    """

    encoder: EncoderRecipe
    side: int | None
    says: str


SIZES: dict[Scale, Size] = {
    "smoke": Size(EncoderRecipe("convnet", {"width": 16}), None, "a small convolutional net on scikit-learn's digits"),
    "cpu": Size(EncoderRecipe("resnet18", {"width": 8, "stem": "small"}), 32, "a ResNet-18 of an eighth of the width"),
    "gpu": Size(EncoderRecipe("resnet18", {"width": 64, "stem": "small"}), 32, "a ResNet-18"),
}


def run_of(
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
    """The recipe of a run on images, at a scale.

    Args:
        scale: decides net, images and their size.
        objective: what is minimised.
        policy: of the views, or its name.
        data: which images, by their name in `$EIGENVIEW_DATA`.
        P: samples in a batch.
        K: views of each.
        projector: by default a linear one to 128 dimensions, as in the geometry paper.
        optimizer: by default Adam at 1e-3.
        steps: updates.
        checkpoints: how many are kept, evenly over the run and with its end.
        seed: of all that is drawn.
        side: of a view in pixels; by default the scale's own.
    """
    size, source, every = SIZES[scale], data_of(data, scale), max(1, steps // checkpoints)
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
