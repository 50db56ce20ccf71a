"""A run's directory."""

from dataclasses import dataclass
from pathlib import Path

from eigenview._errors import UsageError
from eigenview._files import write_text
from eigenview.config.recipe import Recipe
from eigenview.runs.checkpoints import list_checkpoints
from eigenview.runs.history import History


@dataclass(frozen=True)
class Run:
    """Where everything of a run lies.

    Args:
        path: the directory: `recipe.yaml`, `metrics.jsonl`, `checkpoints/`, `pictures/`, `report.html`; of image–text
            pairs also `tokenizer.json`.
    """

    path: Path

    @staticmethod
    def check_free(path: Path) -> None:
        """Makes sure that a new run may be put there.

        Raises:
            UsageError: something else is there.
        """
        there = next(place for place in (path, *path.parents) if place.exists())
        if not there.is_dir():
            raise UsageError(f"--out {path}: {there} is a file; a new directory is needed")
        if (path / "recipe.yaml").exists():
            raise UsageError(f"--out {path} holds another run: name another directory, or go on with it by --resume")
        if path.exists() and any(found.name != ".recipe.yaml.tmp" for found in path.iterdir()):
            raise UsageError(f"--out {path} is not empty: name a new directory")

    @staticmethod
    def create(path: Path, recipe: Recipe) -> "Run":
        """Makes the directory of a new run.

        Raises:
            UsageError: something else is there.
        """
        Run.check_free(path)
        path.mkdir(parents=True, exist_ok=True)
        # A directory with a recipe is a run; one that was killed before the recipe was whole is not.
        write_text(path / "recipe.yaml", recipe.to_yaml())
        return Run(path)

    @staticmethod
    def open(path: str | Path) -> "Run":
        """A run that is there.

        Raises:
            UsageError: it is not.
        """
        path = Path(path)
        if not (path / "recipe.yaml").exists():
            raise UsageError(f"{path} is not a run: it has no recipe.yaml")
        return Run(path)

    @property
    def recipe(self) -> Recipe:
        """What it was made from."""
        return Recipe.load(self.path / "recipe.yaml")

    @property
    def metrics_file(self) -> Path:
        """The file of its records."""
        return self.path / "metrics.jsonl"

    @property
    def history(self) -> History:
        """Its records so far."""
        return History.read(self.metrics_file)

    @property
    def vocabulary_file(self) -> Path:
        """The file of the vocabulary that captions are read with, where it was trained on any."""
        return self.path / "tokenizer.json"

    @property
    def checkpoints(self) -> Path:
        """The folder of its checkpoints."""
        return self.path / "checkpoints"

    @property
    def last_checkpoint(self) -> Path | None:
        """Its newest whole checkpoint, if there is one."""
        whole = list_checkpoints(self.checkpoints)
        return whole[-1] if whole else None

    @property
    def pictures(self) -> Path:
        """The folder of its pictures."""
        folder = self.path / "pictures"
        folder.mkdir(exist_ok=True)
        return folder
