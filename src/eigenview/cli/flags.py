"""The field's flags: the values that people set most often, by the names that they have in other tools."""

from typing import Any, Optional, TypeVar

import tyro

from eigenview._errors import UsageError
from eigenview.config.recipe import Recipe

T = TypeVar("T")
Maybe = Optional[T]  # noqa: UP045
"""`T | None` in the form that tyro checks by itself; for `|` it imports typeguard, which takes 0.1 s of a --help."""

PATHS = {
    "batch_size": "training.P",
    "epochs": "training.epochs",
    "steps": "training.steps",
    "lr": "optimizer.lr",
    "weight_decay": "optimizer.weight_decay",
    "optimizer": "optimizer.name",
    "temperature": "objective.options.temperature",
    "views": "views.K",
    "dim": "projector.D",
    "size": "data.size",
    "seed": "training.seed",
    "device": "training.device",
    "precision": "training.precision",
    "workers": "data.workers",
}
"""Where in the recipe each flag's value belongs."""


def flag(metavar: str) -> Any:
    """How `--help` shows a flag: `--name METAVAR`, and its default if it has one."""
    return tyro.conf.arg(metavar=metavar, help_behavior_hint=_default)


def _default(value: str) -> str:
    return "" if value in ("None", "False", "") else f"(default: {value})"


def given(command: object, names: tuple[str, ...] = tuple(PATHS)) -> dict[str, Any]:
    """The field's flags that a command was given, by name."""
    values = {name: getattr(command, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def apply(recipe: Recipe, flags: dict[str, Any]) -> Recipe:
    """The recipe with the values that flags give; a number of steps replaces the recipe's number of epochs.

    Raises:
        UsageError: a value out of range, or both steps and epochs.
    """
    if "steps" in flags:
        if "epochs" in flags:
            raise UsageError("--epochs and --steps both set the training length: give one of them")
        recipe = recipe.with_value("training.epochs", None)
    for name, value in flags.items():
        recipe = recipe.with_value(PATHS[name], value)
    return recipe


def merge(recipe: Recipe, flags: dict[str, Any]) -> Recipe:
    """The recipe with the field's flags once more, after flags such as `--training.P` have changed it.

    Raises:
        UsageError: a flag of each kind sets the same value, and they differ.
    """
    for name, value in flags.items():
        if recipe.at(PATHS[name]) not in (None, value):
            dotted = PATHS[name].replace("options.", "options ")
            raise UsageError(f"--{name.replace('_', '-')} and --{dotted} set the same value: give one of them")
        recipe = recipe.with_value(PATHS[name], value)
    if "steps" in flags and recipe.training.epochs is not None:
        raise UsageError("--steps and --training.epochs both set the training length: give one of them")
    return recipe
