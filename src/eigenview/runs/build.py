"""From a recipe to its nets, with fresh weights."""

from eigenview.config.recipe import Recipe
from eigenview.nets import Encoder, Model, Projector, TextTransformer, TwoTower, build_net

Statistics = tuple[tuple[float, float, float], tuple[float, float, float]]
UNKNOWN: Statistics = ((0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
"""Mean and standard deviation where no images are known, or where a checkpoint will replace them."""


def build_model(recipe: Recipe, statistics: Statistics = UNKNOWN) -> Model:
    """Build the encoder and projector of a recipe, with fresh weights.

    Args:
        recipe: its `encoder` and `projector`.
        statistics: mean and standard deviation of the images' channels in [0, 1]; kept with the weights.

    Raises:
        UsageError: a name or an option that does not exist.
    """
    encoder, p = build_encoder(recipe, statistics), recipe.projector
    return Model(encoder, Projector(encoder.features, p.D, hidden=p.hidden, batch_norm=p.batch_norm))


def build_towers(recipe: Recipe, statistics: Statistics = UNKNOWN) -> TwoTower:
    """Build the two towers of a recipe for image–text pairs, with fresh weights.

    Args:
        recipe: its `encoder`, `projector` and `text`.
        statistics: as in `build_model`.

    Raises:
        UsageError: a name or an option that does not exist.
    """
    images, t = build_model(recipe, statistics), recipe.text
    text = TextTransformer(t.vocabulary, t.context, t.width, t.depth, t.heads)
    return TwoTower(images.encoder, images.projector, text, Projector(t.width, recipe.projector.D, hidden=()))


def build_encoder(recipe: Recipe, statistics: Statistics = UNKNOWN) -> Encoder:
    """Build the encoder of a recipe, with fresh weights; arguments and errors are those of `build_model`."""
    return Encoder(build_net(recipe.encoder.name, recipe.encoder.options), *statistics, size=recipe.data.size or 32)
