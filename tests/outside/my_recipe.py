"""A recipe of somebody else's, named `my_recipe:tiny`, of parts that are all their own."""

from eigenview.config import (
    DataRecipe,
    EncoderRecipe,
    ObjectiveRecipe,
    ProjectorRecipe,
    Recipe,
    TrainingRecipe,
    ViewsRecipe,
)
from eigenview.views import ViewPolicy


def tiny() -> Recipe:
    """Four steps of a small net on sixty-four images."""
    return Recipe(
        data=DataRecipe(train="my_data:load"),
        views=ViewsRecipe(K=2, policy=ViewPolicy(noise=0.1, custom=("my_views:cutout",))),
        encoder=EncoderRecipe("my_net:Mean", {"features": 6}),
        projector=ProjectorRecipe(D=4, hidden=()),
        objective=ObjectiveRecipe("my_objective:Frame"),
        training=TrainingRecipe(P=16, steps=4, measure_every=2, alarms=("my_alarm:HIGH_LOSS",)),
    )
