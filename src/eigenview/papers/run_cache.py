"""A cache of runs: each recipe is trained once, whichever experiments ask for it."""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from pathlib import Path

from eigenview.config import Recipe
from eigenview.papers.processes import process_pool
from eigenview.runs import Run
from eigenview.training import train


class RunCache:
    """Trains recipes, reuses runs that are already trained, and resumes runs that were interrupted.

    Args:
        folder: the directory of the runs; each is named by its recipe, so that experiments share runs.
        workers: number of processes of one thread each; 1 trains in this process.
        again: train runs anew that an earlier `RunCache` has trained.
        report: is called with the progress in a few words, such as "run 2 of 6".

    Attributes:
        seconds_reused: training time, in one process, of the runs that were already trained.
    """

    def __init__(
        self, folder: Path, workers: int = 1, again: bool = False, report: Callable[[str], None] = lambda _: None
    ) -> None:
        self.folder, self.workers, self.report = folder, workers, report
        self.seconds_reused = 0.0
        self._again, self._own = again, set()

    def __call__(self, recipes: Sequence[Recipe]) -> list[Run]:
        """A finished run of each recipe, without probes.

        Args:
            recipes: the recipes; equal ones are trained once.

        Raises:
            KeyboardInterrupt: a run was interrupted; the next call with its recipe resumes it.
            RuntimeError: a run diverged to NaN or infinity.
        """
        folders = [self.folder / run_name(recipe) for recipe in recipes]
        todo = {folder: recipe for folder, recipe in zip(folders, recipes, strict=True) if not self._reuse(folder)}
        self._own.update(folders)
        if min(self.workers, len(todo)) > 1:
            self._train_in_processes(todo)
        else:
            for done, (folder, recipe) in enumerate(todo.items()):
                self.report(f"run {done + 1} of {len(todo)}")
                _check(train(recipe, folder, resume=True, report=False), folder)
        return [Run.open(folder) for folder in folders]

    def _reuse(self, folder: Path) -> bool:
        if self._again and folder not in self._own:
            shutil.rmtree(folder, ignore_errors=True)
        if not (folder / "recipe.yaml").exists():
            return False
        end = Run.open(folder).history.end
        finished = end is not None and end.outcome == "finished"
        if end is not None and finished and folder not in self._own:
            self._own.add(folder)
            self.seconds_reused += end.seconds
        return finished

    def _train_in_processes(self, todo: dict[Path, Recipe]) -> None:
        with process_pool(min(self.workers, len(todo))) as pool:
            waiting = {
                pool.submit(train, recipe, folder, resume=True, report=False): folder for folder, recipe in todo.items()
            }
            for done, future in enumerate(as_completed(waiting)):
                _check(future.result(), waiting[future])
                self.report(f"{done + 1} of {len(todo)} runs")


def run_name(recipe: Recipe) -> str:
    """The name of a recipe's folder: the objective and a hash of the whole recipe."""
    return f"{recipe.objective.name.lower()}-{hashlib.sha256(recipe.to_yaml().encode()).hexdigest()[:12]}"


def _check(outcome: str, folder: Path) -> None:
    if outcome == "interrupted":
        raise KeyboardInterrupt
    if outcome != "finished":
        raise RuntimeError(f"the run in {folder} diverged to NaN or infinity")
