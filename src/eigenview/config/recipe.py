"""A recipe: the only thing that describes a run."""

import dataclasses
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from eigenview._errors import UsageError
from eigenview.config.parse import from_mapping
from eigenview.config.sections import (
    DataRecipe,
    EncoderRecipe,
    ObjectiveRecipe,
    OptimizerRecipe,
    ProjectorRecipe,
    TeacherRecipe,
    TextRecipe,
    TrainingRecipe,
    ViewsRecipe,
    require,
)
from eigenview.config.yaml import read_yaml, write_yaml


@dataclass(frozen=True)
class Recipe:
    """Everything that describes a run; it round-trips through YAML and is stored with the run."""

    data: DataRecipe = field(default_factory=DataRecipe)
    views: ViewsRecipe = field(default_factory=ViewsRecipe)
    encoder: EncoderRecipe = field(default_factory=EncoderRecipe)
    projector: ProjectorRecipe = field(default_factory=ProjectorRecipe)
    text: TextRecipe = field(default_factory=TextRecipe)
    objective: ObjectiveRecipe = field(default_factory=ObjectiveRecipe)
    teacher: TeacherRecipe = field(default_factory=TeacherRecipe)
    optimizer: OptimizerRecipe = field(default_factory=OptimizerRecipe)
    training: TrainingRecipe = field(default_factory=TrainingRecipe)

    @property
    def of_pairs(self) -> bool:
        """Whether it trains on image–text pairs rather than on images alone."""
        return self.data.captions is not None

    def check_pairs(self) -> None:
        """Checks that views, projector and teacher suit image–text pairs, if the recipe trains on any.

        Raises:
            UsageError: they do not.
        """
        if not self.of_pairs:
            return
        alone = "omit data.captions to train on images alone"
        require(self.views.K == 1, f"image–text pairs use one view: views.K must be 1, not {self.views.K}; or {alone}")
        require(self.projector.D > 0, f"image–text pairs need a projector: projector.D must not be 0; or {alone}")
        require(
            self.teacher.momentum is None,
            f"image–text pairs take no teacher: omit teacher.momentum; or {alone}",
        )

    def to_yaml(self) -> str:
        """The recipe as YAML text that `from_yaml` reads back to an equal recipe."""
        return write_yaml(_plain(dataclasses.asdict(self)))

    @staticmethod
    def from_yaml(text: str, source: str = "recipe", base: "Recipe | None" = None) -> "Recipe":
        """Reads a recipe from YAML; values that the text leaves out are those of `base`, or the defaults.

        Args:
            text: YAML.
            source: name of the text in error messages.
            base: recipe to change.

        Raises:
            UsageError: invalid YAML, an unknown key, a value of the wrong type or out of range.
        """
        tree = read_yaml(text, source)
        try:
            return from_mapping(Recipe, {} if tree is None else tree, base=base)
        except UsageError as error:
            raise UsageError(f"{source}: {error}") from error

    @staticmethod
    def load(path: str | Path, base: "Recipe | None" = None) -> "Recipe":
        """Reads a recipe from a YAML file, as `from_yaml` does.

        Raises:
            UsageError: the file cannot be read, or is not a recipe.
        """
        try:
            text = Path(path).read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"cannot read the recipe {path}: {error}") from error
        return Recipe.from_yaml(text, source=str(path), base=base)

    def at(self, path: str) -> Any:
        """The value at a dotted path such as `training.P`; None for an option that is not set."""
        value: Any = self
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else getattr(value, name)
        return value

    def with_value(self, path: str, value: Any) -> "Recipe":
        """This recipe with another value at a dotted path such as `training.P`."""
        return _with_value(self, path.split("."), value)


def _with_value(tree: Any, path: list[str], value: Any) -> Any:
    name, *rest = path
    if isinstance(tree, dict):
        return {**tree, name: value}
    return replace(tree, **{name: _with_value(getattr(tree, name), rest, value) if rest else value})


def _plain(value: Any) -> Any:
    """Tuples as lists, since YAML has no tuples."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
