"""From a run back to its nets."""

from pathlib import Path

import torch
from torch import Tensor, nn

from eigenview._errors import UsageError
from eigenview.nets import Encoder, Model, Projector, build_net
from eigenview.objectives import build_objective
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
    encoder, p = build_encoder(recipe, statistics), recipe.projector
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
    # Of the projector nothing is needed, nor known: an objective may have reparametrised it.
    weights = {name: w for name, w in _newest(opened).items() if name.startswith("encoder.")}
    encoder = build_encoder(opened.recipe, UNKNOWN)
    _fill(encoder, {name.removeprefix("encoder."): w for name, w in weights.items()}, opened)
    return encoder.eval()


def load_model(run: str | Path, checkpoint: Path | None = None) -> Model:
    """The trained encoder of a run, and its projector as its objective constrains it: views in, h and z out.

    Args:
        run: the run's directory.
        checkpoint: one of the run's; by default the newest.

    Returns:
        A module in evaluation mode on the CPU.

    Raises:
        UsageError: no such run, one that has no checkpoint yet, or an objective that cannot be built.
    """
    opened = Run.open(run)
    recipe = opened.recipe
    weights = _newest(opened) if checkpoint is None else load_checkpoint(checkpoint).weights
    with torch.random.fork_rng():  # fresh weights, which the checkpoint's replace, are no one's random numbers
        model = build_model(recipe)
        D = recipe.projector.D or model.encoder.features
        build_objective(recipe.objective.name, recipe.objective.options, D).constrain(model.projector)
    _fill(model, weights, opened)
    return model.eval()


def _newest(run: Run) -> dict[str, Tensor]:
    if run.last_checkpoint is None:
        raise UsageError(f"{run.path} has no checkpoint yet: train on with --resume")
    return load_checkpoint(run.last_checkpoint).weights


def _fill(module: nn.Module, weights: dict[str, Tensor], run: Run) -> None:
    try:
        module.load_state_dict(weights)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]  # torch has a line for each weight
        raise UsageError(f"the weights of {run.last_checkpoint} do not fit the recipe beside them: {reason}") from error


def build_encoder(recipe: Recipe, statistics: Statistics) -> Encoder:
    return Encoder(build_net(recipe.encoder.name, recipe.encoder.options), *statistics, size=recipe.data.size or 32)
