"""Progress of a reproduction: a bar on a terminal, elsewhere a line at least every 30 seconds."""

import time
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console

from eigenview._progress import Tracker, track
from eigenview.papers.experiment import Experiment, Scale


class ReproductionProgress:
    """Shows which experiment runs, how far it is, and the time left, also while an experiment reports nothing.

    Args:
        console: the console to write to.
        experiments: the experiments that will run.
        scale: the scale at which they run.
        every: seconds without a line after which one is written where there is no terminal.

    Attributes:
        tracker: holds the state inside `with`.
    """

    def __init__(self, console: Console, experiments: Sequence[Experiment], scale: Scale, every: float = 30) -> None:
        self._experiments = experiments
        self._scale: Scale = scale
        self._began, self._started = time.monotonic(), 0
        self._tracking = track(
            "reproducing",
            len(experiments),
            console,
            every,
            position=lambda tracker: f"[{tracker.done + 1}/{tracker.total}] {tracker.label}",
            seconds_left=self._seconds_left,
        )

    def __enter__(self) -> "ReproductionProgress":
        self.tracker = self._tracking.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._tracking.__exit__(kind, error, at)

    def start(self, experiment: Experiment) -> None:
        """The next experiment begins."""
        cost, tracker = experiment.cost.get(self._scale), self.tracker
        self._began = time.monotonic()
        tracker.update(experiment.path, self._started)
        self._started += 1
        words = f"{tracker.position()} ({f'about {cost}' if cost else 'duration unknown'}): {experiment.shows}"
        tracker.say("; ".join(filter(None, (words, tracker.time_left()))))

    def report(self, words: str) -> None:
        """The current experiment has come this far."""
        self.tracker.update(f"{self._experiments[self.tracker.done].path}: {words}")

    def _seconds_left(self, tracker: Tracker) -> float | None:
        """The sum of the remaining costs; None if one of them is unknown, or all time that was estimated has passed."""
        costs = [each.seconds(self._scale) for each in self._experiments[tracker.done :]]
        known = [cost for cost in costs if cost is not None]
        if not known or len(known) < len(costs):
            return None
        return max(0.0, known[0] - (time.monotonic() - self._began)) + sum(known[1:]) or None
