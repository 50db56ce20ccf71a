"""`eigenview train`."""

import re
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Annotated

import tyro

from eigenview._errors import UsageError
from eigenview.config.presets import captions, digits, find_recipe, recipe_for
from eigenview.config.recipe import ObjectiveRecipe, Recipe, on_top_of
from eigenview.views.policy import ViewPolicy


@dataclass(frozen=True)
class Train:
    """Train an encoder on images without labels, or with captions; alone, on the digits that ship with scikit-learn.

    What a recipe says can be changed flag by flag, on top of --recipe, --objective, --policy and --strength.
    """

    source: Annotated[str | None, tyro.conf.Positional, tyro.conf.arg(metavar="[DATA]")] = None
    """`digits`, a folder of images, Parquet files, tar shards, or `hf:NAME`."""
    test: Annotated[str | None, tyro.conf.arg(metavar="DATA")] = None
    """Images that only probes see; by default the data's own test split, if it has one."""
    recipe: Annotated[str | None, tyro.conf.arg(metavar="NAME|FILE")] = None
    """`digits`, `cpu`, `gpu`, `captions`, or a YAML file; by default `digits` for the digits, `captions` for a table
    with a column of captions, else `cpu`."""
    objective: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """`MMCR`, `SimCLR`, `VICReg`, `BYOL`, … (all: see --objective.name), or an import path `module:Class`."""
    policy: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """`identity`, `small`, `moderate` or `large` views."""
    strength: Annotated[float | None, tyro.conf.arg(metavar="FLOAT")] = None
    """How strong views are: 0 changes nothing, 1 is the policy itself."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None
    """The run's directory; by default a new one in `runs/`."""
    resume: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Go on from the last checkpoint of --out, if there is one."""
    strict: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Exit with code 1 if any alarm was raised; the run still goes to its end, and is saved."""
    settings: Annotated[Recipe, tyro.conf.arg(name="")] = field(default_factory=digits)

    def on_its_recipe(self) -> "Train":
        """What these words start from: the recipe they name, which flags then change."""
        if self.resume and self.out is not None and self == Train(out=self.out, resume=True, strict=self.strict):
            stored = self.out / "recipe.yaml"
            if not stored.exists():
                raise UsageError(f"there is no run in {self.out} to resume: name its DATA to start one there")
            return Train(settings=Recipe.load(stored))
        if self.recipe is not None:
            named = find_recipe(self.recipe, self.source)
        else:
            named = captions() if self.settings.of_pairs else recipe_for(self.source)
        data = replace(named.data, train=self.source or named.data.train, test=self.test or named.data.test)
        objective = named.objective
        if self.objective is not None and self.objective.lower() != objective.name.lower():
            objective = ObjectiveRecipe(self.objective)
        policy = named.views.policy if self.policy is None else ViewPolicy.from_name(self.policy)
        if self.strength is not None:
            policy = policy.scaled(self.strength)
        views = replace(named.views, policy=policy)
        return Train(settings=replace(named, data=data, objective=objective, views=views))

    def on_top_of(self, start: "Train") -> "Train":
        """These words, which were read on top of others, with the options that they leave as they were."""
        before, now = start.settings, self.settings
        encoder, objective = on_top_of(before.encoder, now.encoder), on_top_of(before.objective, now.objective)
        return replace(self, settings=replace(now, encoder=encoder, objective=objective))

    def run(self) -> int:
        """Trains, and says where the report is."""
        from rich.console import Console

        from eigenview.training import train

        if self.resume and self.out is None:
            raise UsageError("--resume needs the directory of the run: --out DIR")
        console = Console()
        out = self.out or _new_directory(self.settings)
        if self.settings.of_pairs and self.recipe is None and not self.resume:
            words = "These images have captions, so training is on image–text pairs; on images alone: --recipe cpu"
            console.print(words, soft_wrap=True, highlight=False, markup=False)
        outcome = train(self.settings, out, resume=self.resume, console=console)
        console.print(
            f"{outcome}; report: {(out / 'report.html').resolve()}", soft_wrap=True, highlight=False, markup=False
        )
        code = {"finished": 0, "non-finite": 1, "interrupted": 130}[outcome]
        alarms = _alarms(out) if self.strict else []
        if alarms:
            console.print(f"--strict: {', '.join(alarms)}", highlight=False, markup=False, soft_wrap=True)
        return 1 if alarms and code == 0 else code


def _alarms(out: Path) -> list[str]:
    """What was raised in the whole run, also in earlier sittings."""
    from eigenview.runs import Run

    return list(dict.fromkeys(line["name"] for line in Run.open(out).metrics if line["kind"] == "alarm"))


def _new_directory(recipe: Recipe) -> Path:
    """The first of `runs/digits-InfoNCE`, `runs/digits-InfoNCE-2`, … that is not there."""
    source = Path(recipe.data.train.removeprefix("hf:")).stem or "images"
    name = re.sub(r"[^\w.-]+", "-", f"{source}-{recipe.objective.name}").strip("-")
    tries = (Path("runs") / (name if n == 1 else f"{name}-{n}") for n in count(1))
    return next(path for path in tries if not path.exists())
