"""The directory of a run."""

from dataclasses import dataclass
from pathlib import Path

from eigenview._errors import UsageError
from eigenview._files import write_text
from eigenview.config.recipe import Recipe
from eigenview.runs.checkpoints import list_checkpoints
from eigenview.runs.history import History


@dataclass(frozen=True)
class Run:
    """The directory of a run, and the paths of what it holds.

    Args:
        path: the directory, with `recipe.yaml`, `metrics.jsonl`, `checkpoints/`, `pictures/` and `report.html`; for a
            run on image–text pairs also `tokenizer.json`.
    """

    path: Path

    @staticmethod
    def check_free(path: Path) -> None:
        """Check that a new run may be created at a path.

        Raises:
            UsageError: the path is a file, or a directory that is not empty.
        """
        existing = next(place for place in (path, *path.parents) if place.exists())
        if not existing.is_dir():
            raise UsageError(f"--out {path}: {existing} is a file; choose a new directory")
        if (path / "recipe.yaml").exists():
            raise UsageError(f"--out {path} already holds a run: choose another directory, or continue with --resume")
        if path.exists() and any(found.name != ".recipe.yaml.tmp" for found in path.iterdir()):
            raise UsageError(f"--out {path} is not empty: choose a new directory")

    @staticmethod
    def create(path: Path, recipe: Recipe) -> "Run":
        """Create the directory of a new run.

        Raises:
            UsageError: the path is a file, or a directory that is not empty.
        """
        Run.check_free(path)
        path.mkdir(parents=True, exist_ok=True)
        # A directory with a recipe is a run; one that was killed before the recipe was whole is not.
        write_text(path / "recipe.yaml", recipe.to_yaml())
        return Run(path)

    @staticmethod
    def open(path: str | Path) -> "Run":
        """Open an existing run.

        Raises:
            UsageError: the directory does not hold a run.
        """
        path = Path(path)
        if not (path / "recipe.yaml").exists():
            raise UsageError(f"{path} is not a run: it has no recipe.yaml")
        return Run(path)

    @property
    def recipe(self) -> Recipe:
        """The recipe that the run was made from."""
        return Recipe.load(self.path / "recipe.yaml")

    @property
    def metrics_file(self) -> Path:
        """The file with the records of the run."""
        return self.path / "metrics.jsonl"

    @property
    def history(self) -> History:
        """The records of the run so far."""
        return History.read(self.metrics_file)

    @property
    def vocabulary_file(self) -> Path:
        """The file with the vocabulary of the captions, for a run on image–text pairs."""
        return self.path / "tokenizer.json"

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints."""
        return self.path / "checkpoints"

    @property
    def last_checkpoint(self) -> Path | None:
        """The newest complete checkpoint, if there is one."""
        whole = list_checkpoints(self.checkpoints)
        return whole[-1] if whole else None

    @property
    def pictures(self) -> Path:
        """The folder of pictures."""
        folder = self.path / "pictures"
        folder.mkdir(exist_ok=True)
        return folder
