"""Progress of a reproduction: a bar on a terminal, a line now and then in a file or pipe."""

import time
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console
from rich.progress import Progress

from eigenview.papers.experiment import Experiment, Scale
from eigenview.plotting.formatting import duration

EVERY = 30.0
"""Seconds between two lines about one experiment where there is no terminal."""


class ReproductionProgress:
    """Shows which experiment runs, how far it is, and the time left.

    Args:
        console: the console to write to.
        experiments: the experiments that will run.
        scale: the scale at which they run.
    """

    def __init__(self, console: Console, experiments: Sequence[Experiment], scale: Scale) -> None:
        self._console, self._experiments = console, experiments
        self._scale: Scale = scale
        self._bar = Progress(console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("", total=len(experiments))
        self._current, self._began, self._written = -1, 0.0, 0.0

    def __enter__(self) -> "ReproductionProgress":
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.stop()

    def start(self, experiment: Experiment) -> None:
        """The next experiment begins."""
        self._current, self._began = self._current + 1, time.monotonic()
        cost = experiment.cost.get(self._scale)
        about = f"about {cost}" if cost else "of unknown duration"
        self._bar.update(self._task, completed=self._current, description=f"{experiment.path}, {about}")
        self._line(f"{experiment.path}, {about}: {experiment.shows}")

    def report(self, words: str) -> None:
        """The current experiment has come this far."""
        experiment = self._experiments[self._current]
        self._bar.update(self._task, description=f"{experiment.path}: {words}")
        if time.monotonic() - self._written >= EVERY:
            self._line(f"{experiment.path}: {words}")

    def seconds_left(self) -> float | None:
        """The sum of what the experiments still cost; None if the cost of one of them is unknown."""
        costs = [each.seconds(self._scale) for each in self._experiments[self._current :]]
        known = [cost for cost in costs if cost is not None]
        if len(known) < len(costs):
            return None
        return max(0.0, known[0] - (time.monotonic() - self._began)) + sum(known[1:])

    def _line(self, words: str) -> None:
        if self._console.is_terminal:
            return
        self._written, left = time.monotonic(), self.seconds_left()
        time_left = "" if left is None else f"; about {duration(left)} left"
        line = f"[{self._current + 1}/{len(self._experiments)}] {words}{time_left}"
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)
