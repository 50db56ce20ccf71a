"""`eigenview train`."""

import re
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import tyro

from eigenview._errors import UsageError
from eigenview.cli.flags import Maybe, apply, flag, given, merge
from eigenview.config.presets import captions, digits, find_recipe, recipe_for
from eigenview.config.recipe import Recipe
from eigenview.config.sections import ObjectiveRecipe, on_top_of
from eigenview.views.policy import ViewPolicy


@dataclass(frozen=True)
class Train:
    """Train an encoder on images without labels, or on images with captions.

    Without DATA, the images are the digits that ship with scikit-learn. The recipe supplies every value that no flag
    sets.
    """

    letters: ClassVar[dict[str, str]] = {"P": "batch-size", "D": "dim", "K": "views"}

    source: Annotated[Maybe[str], tyro.conf.Positional, flag("[DATA]")] = None
    """Images: `digits`, a folder, Parquet files, tar shards, `hf:NAME`, or `module:function`."""
    test: Annotated[Maybe[str], flag("DATA")] = None
    """Test images, used only by the probes."""
    recipe: Annotated[Maybe[str], flag("NAME|FILE")] = None
    """Recipe: `digits`, `cpu`, `gpu`, `captions`, a YAML file, or `module:function`; default: chosen by DATA."""
    objective: Annotated[Maybe[str], flag("NAME")] = None
    """Objective: `InfoNCE`, `MMCR`, `VICReg`, `BYOL`, …"""
    policy: Annotated[Maybe[str], flag("NAME")] = None
    """Policy: `identity`, `small`, `moderate` or `large`."""
    strength: Annotated[Maybe[float], flag("FLOAT")] = None
    """Augmentation strength: 0 is none, 1 is the policy's own."""
    batch_size: Annotated[Maybe[int], flag("INT")] = None
    """Batch size, over all devices."""
    epochs: Annotated[Maybe[float], flag("FLOAT")] = None
    """Training length in epochs, instead of --steps."""
    steps: Annotated[Maybe[int], flag("INT")] = None
    """Number of optimizer steps."""
    lr: Annotated[Maybe[float], flag("FLOAT")] = None
    """Peak learning rate (no batch-size scaling)."""
    weight_decay: Annotated[Maybe[float], flag("FLOAT")] = None
    """Weight decay; biases and norms are exempt."""
    optimizer: Annotated[Maybe[Literal["sgd", "adam", "adamw", "lars"]], flag("NAME")] = None
    """Optimizer: `sgd`, `adam`, `adamw` or `lars`."""
    temperature: Annotated[Maybe[float], flag("FLOAT")] = None
    """Temperature of a contrastive objective."""
    views: Annotated[Maybe[int], flag("INT")] = None
    """Number of views of each image."""
    dim: Annotated[Maybe[int], flag("INT")] = None
    """Embedding dimension; 0 trains without a projector."""
    size: Annotated[Maybe[int], flag("INT")] = None
    """View size in pixels."""
    seed: Annotated[Maybe[int], flag("INT")] = None
    """Random seed."""
    device: Annotated[Maybe[Literal["auto", "cpu", "cuda"]], flag("NAME")] = None
    """Device: `auto`, `cpu` or `cuda`."""
    precision: Annotated[Maybe[Literal["auto", "32-true", "bf16-mixed"]], flag("NAME")] = None
    """Precision: `auto`, `32-true` or `bf16-mixed`."""
    workers: Annotated[Maybe[int], flag("INT")] = None
    """Number of processes that decode images of mixed sizes."""
    out: Annotated[Maybe[Path], flag("DIR")] = None
    """Run directory; default: a new directory in `runs/`."""
    resume: Annotated[bool, tyro.conf.FlagCreatePairsOff, flag("")] = False
    """Continue from the last checkpoint in --out."""
    strict: Annotated[bool, tyro.conf.FlagCreatePairsOff, flag("")] = False
    """Exit with code 1 if any alarm is raised."""
    help_all: Annotated[bool, tyro.conf.FlagCreatePairsOff, flag("")] = False
    """Show a flag for every value of the recipe, and exit."""


@dataclass(frozen=True)
class TrainWithRecipe(Train):
    """Train an encoder on images without labels, or on images with captions.

    Every value of the recipe has a flag. The defaults shown are those of the recipe that DATA and --recipe select.
    """

    settings: Annotated[Recipe, tyro.conf.arg(name="")] = field(default_factory=digits)

    def on_its_recipe(self) -> "TrainWithRecipe":
        """The recipe that DATA, --recipe, --objective, --policy and the field's flags give, before all other flags."""
        if (
            self.resume
            and self.out is not None
            and self == TrainWithRecipe(out=self.out, resume=True, strict=self.strict)
        ):
            stored = self.out / "recipe.yaml"
            if not stored.exists():
                raise UsageError(f"{self.out} holds no run to resume: pass DATA to start a new run there")
            return TrainWithRecipe(settings=Recipe.load(stored))
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
        settings = replace(named, data=data, objective=objective, views=views)
        return TrainWithRecipe(settings=apply(settings, given(self)))

    def on_top_of(self, start: "TrainWithRecipe") -> "TrainWithRecipe":
        """This command, which was read on top of another, with the component options that it does not name."""
        before, now = start.settings, self.settings
        encoder, objective = on_top_of(before.encoder, now.encoder), on_top_of(before.objective, now.objective)
        settings = replace(now, encoder=encoder, objective=objective)
        return replace(self, settings=merge(settings, given(self)))

    def run(self) -> int:
        """Trains, and prints where the report is."""
        from rich.console import Console

        from eigenview.training import train

        if self.resume and self.out is None:
            raise UsageError("--resume needs --out DIR, the directory of the run")
        console = Console()
        out = self.out or _new_directory(self.settings)
        if self.settings.of_pairs and self.recipe is None and not self.resume:
            words = (
                "The images have captions: training on image–text pairs. To train on images alone, pass --recipe cpu."
            )
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
    """The alarms that the run raised, before it was interrupted too."""
    from eigenview.runs import Run

    return list(dict.fromkeys(alarm.name for alarm in Run.open(out).history.alarms))


def _new_directory(recipe: Recipe) -> Path:
    """The first of `runs/digits-InfoNCE`, `runs/digits-InfoNCE-2`, … that does not exist."""
    source = Path(recipe.data.train.removeprefix("hf:")).stem or "images"
    name = re.sub(r"[^\w.-]+", "-", f"{source}-{recipe.objective.name}").strip("-")
    tries = (Path("runs") / (name if n == 1 else f"{name}-{n}") for n in count(1))
    return next(path for path in tries if not path.exists())
