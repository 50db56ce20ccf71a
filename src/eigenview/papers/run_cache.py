"""Runs that experiments look at: trained once, and shared by all that ask for the same."""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from pathlib import Path

from eigenview.config import Recipe
from eigenview.papers.processes import processes
from eigenview.runs import Run
from eigenview.training import train


class RunCache:
    """Trains what recipes describe, or finds it trained, or goes on where it was interrupted.

    Args:
        folder: where runs are; each is named by its recipe, so that experiments share them.
        workers: processes of one thread each; 1 trains here.
        again: train once more what an earlier `RunCache` has.
        tell: hears what goes on, in a few words.

    Attributes:
        found: seconds of training, in one process, that were found done when this began.
    """

    def __init__(
        self, folder: Path, workers: int = 1, again: bool = False, tell: Callable[[str], None] = lambda _: None
    ) -> None:
        self.folder, self.workers, self.tell = folder, workers, tell
        self.found = 0.0
        self._again, self._own = again, set()

    def __call__(self, recipes: Sequence[Recipe]) -> list[Run]:
        """A finished run of each recipe, without probes.

        Args:
            recipes: of which equal ones are trained once.

        Raises:
            KeyboardInterrupt: a run was interrupted; it goes on when it is asked for again.
            RuntimeError: numbers of a run were not finite.
        """
        places = [self.folder / name_of(recipe) for recipe in recipes]
        todo = {place: recipe for place, recipe in zip(places, recipes, strict=True) if not self._is_trained(place)}
        self._own.update(places)
        if min(self.workers, len(todo)) > 1:
            self._train_apart(todo)
        else:
            for done, (place, recipe) in enumerate(todo.items()):
                self.tell(f"run {done + 1} of {len(todo)}")
                _check(train(recipe, place, resume=True, report=False), place)
        return [Run.open(place) for place in places]

    def _is_trained(self, place: Path) -> bool:
        if self._again and place not in self._own:
            shutil.rmtree(place, ignore_errors=True)
        if not (place / "recipe.yaml").exists():
            return False
        end = Run.open(place).history.end
        finished = end is not None and end.outcome == "finished"
        if end is not None and finished and place not in self._own:
            self._own.add(place)
            self.found += end.seconds
        return finished

    def _train_apart(self, todo: dict[Path, Recipe]) -> None:
        with processes(min(self.workers, len(todo))) as pool:
            waiting = {
                pool.submit(train, recipe, place, resume=True, report=False): place for place, recipe in todo.items()
            }
            for done, future in enumerate(as_completed(waiting)):
                _check(future.result(), waiting[future])
                self.tell(f"{done + 1} of {len(todo)} runs")


def name_of(recipe: Recipe) -> str:
    """A folder's name that tells recipes apart."""
    return f"{recipe.objective.name.lower()}-{hashlib.sha256(recipe.to_yaml().encode()).hexdigest()[:12]}"


def _check(outcome: str, place: Path) -> None:
    if outcome == "interrupted":
        raise KeyboardInterrupt
    if outcome != "finished":
        raise RuntimeError(f"the run in {place} ended because its numbers were not finite")
