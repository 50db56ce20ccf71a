"""`eigenview predict`."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import tyro

from eigenview._errors import UsageError
from eigenview.config.presets import find_recipe, recipe_for
from eigenview.config.recipe import ObjectiveRecipe, Options, Recipe, on_top_of
from eigenview.views.policy import ViewPolicy

_FEATURES = ("pixels", "random-conv")


@dataclass(frozen=True)
class Predict:
    """Say, before training, how many directions will survive, and what to change.

    Theory takes the data's covariance, and what views add to it; what is not given is as `eigenview train` would have
    it for these data.
    """

    source: Annotated[str | None, tyro.conf.Positional, tyro.conf.arg(metavar="[DATA]")] = None
    """`digits`, a folder of images, Parquet files, tar shards, or `hf:NAME`; or a run: its data and recipe, and its
    encoder for `--features`."""
    recipe: Annotated[str | None, tyro.conf.arg(metavar="NAME|FILE")] = None
    """`digits`, `cpu`, `gpu`, or a YAML file; by default `digits` for the digits, else `cpu`."""
    objective: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """`InfoNCE` and its forms, `VICReg`, `BarlowTwins`, `SpectralContrastive` or `MMCR`."""
    objective_options: Annotated[Options, tyro.conf.arg(name="objective.options")] = field(default_factory=dict)
    """What its constructor takes, such as `temperature=0.2` or `beta=0.5`."""
    policy: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """`identity`, `small`, `moderate` or `large` views."""
    strength: Annotated[float, tyro.conf.arg(metavar="FLOAT")] = 1.0
    """How strong views are: 0 changes nothing, 1 is the policy itself. From an eighth to twice of it is looked at."""
    decay: Annotated[float | None, tyro.conf.arg(metavar="FLOAT")] = None
    """Weight decay, as SGD has it."""
    P: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None
    """Samples in a batch."""
    D: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None
    """Dimensions of the embeddings."""
    features: Annotated[str, tyro.conf.arg(metavar="NAME|RUN")] = "pixels"
    """What the last layer gets to see: `pixels`, `random-conv` (the recipe's encoder before training), or a run's
    encoder; a run also gives recipe and data."""
    size: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None
    """Side that pixels of views are averaged down to; by default 8."""
    N: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None
    """Images to look at; by default up to 10,000, or 2,000 of large ones or through a net."""
    K: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None
    """Views of each to look at; by default 8, or 4."""
    seed: Annotated[int, tyro.conf.arg(metavar="INT")] = 0
    """Of images and views that are drawn, and of untrained weights."""
    plot: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """The figure: `.png`, `.svg` or `.pdf`; by default predict.png, and none beside JSON."""
    json: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Print JSON instead of text."""

    def run(self) -> int:
        """Prints what theory says, and says where the figure is."""
        recipe = self.on_its_recipe()
        import json

        from rich.console import Console

        from eigenview.plotting import check_figure_path, table_console
        from eigenview.predict import plot_prediction, predict, prediction_as_json, show_prediction

        err = Console(stderr=True)
        file = self.plot or (None if self.json else Path("predict.png"))
        if file is not None:
            check_figure_path(file)
        found = predict(recipe, self.strength, self._seen_through(), self.N, self.K, self.size, self.seed, err)
        if self.json:
            print(json.dumps(prediction_as_json(found), indent=1, allow_nan=False))
        else:
            show_prediction(found, table_console())
        if file is not None:
            plot_prediction(found, file)
            err.print(f"plot: {file.resolve()}", highlight=False, markup=False, soft_wrap=True)
        return 0

    def on_its_recipe(self) -> Recipe:
        """The training that these words are about."""
        named = self._named()
        if named.of_pairs:
            raise UsageError(
                "a prediction is of views of images, and this recipe is of image–text pairs: add --recipe cpu, which "
                "is of the images alone"
            )
        data = replace(named.data, train=self._images(named))
        objective = named.objective if self.objective is None else ObjectiveRecipe(self.objective)
        objective = on_top_of(named.objective, replace(objective, options=self.objective_options))
        policy = named.views.policy if self.policy is None else ViewPolicy.from_name(self.policy)
        decay = named.optimizer.weight_decay if self.decay is None else self.decay
        P = named.training.P if self.P is None else self.P
        D = named.projector.D if self.D is None else self.D
        return replace(
            named,
            data=data,
            objective=objective,
            views=replace(named.views, policy=policy),
            optimizer=replace(named.optimizer, weight_decay=decay),
            training=replace(named.training, P=P),
            projector=replace(named.projector, D=D),
        )

    def _named(self) -> Recipe:
        if self.features not in _FEATURES and not _is_run(self.features):
            raise UsageError(f"--features {self.features}: neither {' nor '.join(_FEATURES)} nor a run's directory")
        if self.recipe is not None:
            return find_recipe(self.recipe, self.source, pairs=False)
        run = self._run()
        return recipe_for(self.source, pairs=False) if run is None else Recipe.load(_stored(run))

    def _images(self, named: Recipe) -> str:
        """Those given, else a run's, else the recipe's."""
        run = self._run()
        if self.source is not None and not _is_run(self.source):
            return self.source
        return named.data.train if run is None else Recipe.load(_stored(run)).data.train

    def _run(self) -> str | None:
        """The run that is given, if one is: as data, or as features."""
        if self.source is not None and _is_run(self.source):
            return self.source
        return None if self.features in _FEATURES else self.features

    def _seen_through(self) -> str:
        """Features; of a run given as data its own, unless others are asked for."""
        run = self._run()
        return run if run is not None and self.features == _FEATURES[0] else self.features


def _stored(run: str) -> Path:
    return Path(run) / "recipe.yaml"


def _is_run(path: str) -> bool:
    return _stored(path).exists()
