"""`eigenview predict`."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, ClassVar

import tyro

from eigenview._errors import UsageError
from eigenview.cli.flags import Maybe, apply, flag, given
from eigenview.config.presets import find_recipe, recipe_for
from eigenview.config.recipe import Recipe
from eigenview.config.sections import ObjectiveRecipe, on_top_of
from eigenview.views.policy import ViewPolicy

_FEATURES = ("pixels", "random-conv")


@dataclass(frozen=True)
class Predict:
    """Predict how many directions will survive training, and suggest what to change.

    The prediction follows from two covariances: between images, and between views of an image. Values that no flag
    sets are those that `eigenview train` would use.
    """

    letters: ClassVar[dict[str, str]] = {
        "P": "batch-size",
        "D": "dim",
        "N": "images",
        "K": "views",
        "decay": "weight-decay",
    }

    source: Annotated[Maybe[str], tyro.conf.Positional, flag("[DATA|RUN]")] = None
    """Images: `digits`, a folder, Parquet files, tar shards, `hf:NAME`; or a run, for its data, recipe and encoder."""
    recipe: Annotated[Maybe[str], flag("NAME|FILE")] = None
    """Recipe: `digits`, `cpu`, `gpu`, a YAML file, or `module:function`; default: chosen by DATA."""
    objective: Annotated[Maybe[str], flag("NAME")] = None
    """Objective: `InfoNCE`, `MMCR`, `VICReg`, `BarlowTwins`, …"""
    objective_options: Annotated[
        dict, tyro.conf.arg(name="objective.options", metavar="A=B", help_behavior_hint="")
    ] = field(default_factory=dict)
    """Arguments of the objective, such as `beta=0.5`."""
    temperature: Annotated[Maybe[float], flag("FLOAT")] = None
    """Temperature of a contrastive objective."""
    policy: Annotated[Maybe[str], flag("NAME")] = None
    """Policy: `identity`, `small`, `moderate` or `large`."""
    strength: Annotated[float, flag("FLOAT")] = 1.0
    """Augmentation strength; swept from 1/8× to 2× of this value."""
    batch_size: Annotated[Maybe[int], flag("INT")] = None
    """Batch size."""
    dim: Annotated[Maybe[int], flag("INT")] = None
    """Embedding dimension."""
    weight_decay: Annotated[Maybe[float], flag("FLOAT")] = None
    """Weight decay."""
    features: Annotated[str, flag("NAME|RUN")] = "pixels"
    """Inputs of the last layer: `pixels`, `random-conv` (untrained encoder), or a run."""
    size: Annotated[Maybe[int], flag("INT")] = None
    """Pixels per side after averaging; default: 8."""
    images: Annotated[Maybe[int], flag("INT")] = None
    """Number of images; default: up to 10,000, or 2,000 if they are large or pass through an encoder."""
    views: Annotated[Maybe[int], flag("INT")] = None
    """Number of views of each image; default: 8 (4 if slow)."""
    seed: Annotated[int, flag("INT")] = 0
    """Random seed."""
    plot: Annotated[Maybe[Path], flag("FILE")] = None
    """Figure: `.png`, `.svg` or `.pdf`; default: predict.png, or no figure with --json."""
    json: Annotated[bool, tyro.conf.FlagCreatePairsOff, flag("")] = False
    """Print JSON instead of text."""

    def run(self) -> int:
        """Prints the prediction, and where the figure is."""
        recipe = self.on_its_recipe()
        import json

        from rich.console import Console

        from eigenview.plotting import check_figure_path, table_console
        from eigenview.predict import plot_prediction, predict, prediction_as_json, show_prediction

        err = Console(stderr=True)
        file = self.plot or (None if self.json else Path("predict.png"))
        if file is not None:
            check_figure_path(file)
        found = predict(recipe, self.strength, self._seen_through(), self.images, self.views, self.size, self.seed, err)
        if self.json:
            print(json.dumps(prediction_as_json(found), indent=1, allow_nan=False))
        else:
            show_prediction(found, table_console())
        if file is not None:
            plot_prediction(found, file)
            err.print(f"plot: {file.resolve()}", highlight=False, markup=False, soft_wrap=True)
        return 0

    def on_its_recipe(self) -> Recipe:
        """The training to predict."""
        named = self._named()
        if named.of_pairs:
            raise UsageError(
                "predict covers images alone, but this recipe trains on image–text pairs: pass --recipe cpu"
            )
        data = replace(named.data, train=self._images(named))
        objective = named.objective if self.objective is None else ObjectiveRecipe(self.objective)
        objective = on_top_of(named.objective, replace(objective, options=self.objective_options))
        policy = named.views.policy if self.policy is None else ViewPolicy.from_name(self.policy)
        recipe = replace(named, data=data, objective=objective, views=replace(named.views, policy=policy))
        return apply(recipe, given(self, ("temperature", "batch_size", "dim", "weight_decay")))

    def _named(self) -> Recipe:
        if self.features not in _FEATURES and not _is_run(self.features):
            raise UsageError(f"--features must be {', '.join(_FEATURES)} or a run directory, not {self.features}")
        if self.recipe is not None:
            return find_recipe(self.recipe, self.source, pairs=False)
        run = self._run()
        return recipe_for(self.source, pairs=False) if run is None else Recipe.load(_stored(run))

    def _images(self, named: Recipe) -> str:
        """The images: those given, else the run's, else the recipe's."""
        run = self._run()
        if self.source is not None and not _is_run(self.source):
            return self.source
        return named.data.train if run is None else Recipe.load(_stored(run)).data.train

    def _run(self) -> str | None:
        """The run that is given as DATA or as --features, if any."""
        if self.source is not None and _is_run(self.source):
            return self.source
        return None if self.features in _FEATURES else self.features

    def _seen_through(self) -> str:
        """The features; those of a run given as DATA, unless --features names others."""
        run = self._run()
        return run if run is not None and self.features == _FEATURES[0] else self.features


def _stored(run: str) -> Path:
    return Path(run) / "recipe.yaml"


def _is_run(path: str) -> bool:
    return _stored(path).exists()
