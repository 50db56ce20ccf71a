"""From a run to its trained nets."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from eigenview._errors import UsageError
from eigenview.linalg import normalize
from eigenview.nets import Encoder, Model, TwoTower, Vocabulary
from eigenview.objectives import build_objective
from eigenview.runs.build import build_encoder, build_model, build_towers
from eigenview.runs.checkpoints import load_checkpoint
from eigenview.runs.run import Run


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
    # The projector is not needed, and an objective may have reparametrised it.
    weights = {name: w for name, w in _newest(opened).items() if name.startswith("encoder.")}
    encoder = build_encoder(opened.recipe)
    _fill(encoder, {name.removeprefix("encoder."): w for name, w in weights.items()}, opened)
    return encoder.eval()


def load_model(run: str | Path, checkpoint: Path | None = None) -> Model:
    """The trained encoder of a run, and its projector as its objective constrains it: views in, h and z out.

    Of a run on image–text pairs it is the image tower; `load_towers` gives both.

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
    if recipe.of_pairs:
        towers = _load_towers(opened, checkpoint)
        return Model(towers.encoder, towers.projector).eval()
    weights = _newest(opened) if checkpoint is None else load_checkpoint(checkpoint).weights
    with (
        torch.random.fork_rng()
    ):  # the checkpoint replaces the fresh weights, which must not consume the user's random numbers
        model = build_model(recipe)
        D = recipe.projector.D or model.encoder.features
        build_objective(recipe.objective.name, recipe.objective.options, D).constrain(model.projector)
    _fill(model, weights, opened)
    return model.eval()


@dataclass(frozen=True)
class Towers:
    """Images and texts to unit embeddings in one space, where a dot product is a cosine.

    Args:
        model: the two towers.
        vocabulary: that texts are read with.
        size: side in pixels of the images that it was trained on.
    """

    model: TwoTower
    vocabulary: Vocabulary
    size: int

    @torch.no_grad()
    def images(self, images: Float[Tensor, "N C H W"] | UInt8[Tensor, "N C H W"]) -> Float[Tensor, "N D"]:
        """Embeddings of images, uint8 or float in [0, 1]."""
        return normalize(self.model.embed_images(images.to(self.device)).float())

    @torch.no_grad()
    def texts(self, texts: Sequence[str]) -> Float[Tensor, "N D"]:
        """Embeddings of texts, at least one."""
        return normalize(self.model.embed_texts(self.vocabulary.encode(texts).to(self.device)).float())

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return next(self.model.parameters()).device


def load_towers(run: str | Path, checkpoint: Path | None = None) -> Towers:
    """The trained towers of a run on image–text pairs.

    Args:
        run: the run's directory.
        checkpoint: one of the run's; by default the newest.

    Returns:
        Both, in evaluation mode on the CPU: `towers.images(pixels) @ towers.texts(["a red shoe"]).T` are cosines.

    Raises:
        UsageError: no such run, one of images alone, one without a checkpoint, or `tokenizers` is not installed.
    """
    opened = Run.open(run)
    recipe = opened.recipe
    if not recipe.of_pairs:
        raise UsageError(f"{run} was trained on images alone and has no text tower: load its encoder instead")
    model = _load_towers(opened, checkpoint).eval()
    return Towers(model, Vocabulary.load(opened.vocabulary_file), recipe.data.size or 32)


def _load_towers(run: Run, checkpoint: Path | None) -> TwoTower:
    weights = _newest(run) if checkpoint is None else load_checkpoint(checkpoint).weights
    with torch.random.fork_rng():
        model = build_towers(run.recipe)
    _fill(model, weights, run)
    return model


def _newest(run: Run) -> dict[str, Tensor]:
    if run.last_checkpoint is None:
        raise UsageError(f"{run.path} has no checkpoint yet: continue its training with --resume")
    return load_checkpoint(run.last_checkpoint).weights


def _fill(module: nn.Module, weights: dict[str, Tensor], run: Run) -> None:
    try:
        module.load_state_dict(weights)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]  # torch has a line for each weight
        raise UsageError(f"the weights of {run.last_checkpoint} do not match the recipe: {reason}") from error
