"""From a run back to its nets."""

from pathlib import Path

from eigenview._errors import UsageError
from eigenview.nets import Encoder, Model, Projector, build_net
from eigenview.runs.checkpoints import load_checkpoint
from eigenview.runs.recipe import Recipe
from eigenview.runs.run import Run

Statistics = tuple[tuple[float, float, float], tuple[float, float, float]]
UNKNOWN: Statistics = ((0.5, 0.5, 0.5), (0.25, 0.25, 0.25))


def build_model(recipe: Recipe, statistics: Statistics = UNKNOWN) -> Model:
    """The encoder and projector that a recipe describes, with fresh weights.

    Args:
        recipe: its `encoder` and `projector`.
        statistics: mean and standard deviation of the images' channels in [0, 1]; kept with the weights.

    Raises:
        UsageError: a name or an option that does not exist.
    """
    encoder, p = _build_encoder(recipe, statistics), recipe.projector
    return Model(encoder, Projector(encoder.features, p.D, hidden=p.hidden, batch_norm=p.batch_norm))


def load(run: str | Path) -> Encoder:
    """The trained encoder of a run: images in, features out.

    Args:
        run: the run's directory.

    Returns:
        A module in evaluation mode on the CPU, from images `[N, 3, H, W]` (uint8, or floats in [0, 1]) to features
        `[N, d_enc]`. Its `net` is the bare net, whose weights load into torchvision's and timm's models.

    Raises:
        UsageError: no such run, or one that has no checkpoint yet.
    """
    opened = Run.open(run)
    newest = opened.last_checkpoint
    if newest is None:
        raise UsageError(f"{run} has no checkpoint yet: train on with --resume")
    encoder = _build_encoder(opened.recipe, UNKNOWN)
    # Of the projector nothing is needed, nor known: an objective may have reparametrised it.
    weights = load_checkpoint(newest).weights
    own = {name.removeprefix("encoder."): w for name, w in weights.items() if name.startswith("encoder.")}
    try:
        encoder.load_state_dict(own)
    except RuntimeError as error:
        raise UsageError(f"the weights of {newest} do not fit the recipe beside them: {error}") from error
    return encoder.eval()


def _build_encoder(recipe: Recipe, statistics: Statistics) -> Encoder:
    return Encoder(build_net(recipe.encoder.name, recipe.encoder.options), *statistics, size=recipe.data.size or 32)
