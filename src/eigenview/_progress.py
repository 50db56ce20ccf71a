"""Progress of long work: a bar on a terminal, elsewhere a line now and then."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress


class Tracker:
    """How far some work is.

    Args:
        label: names the work.
        total: how many items there are to do.
        changed: called after each change, to show it.
    """

    def __init__(self, label: str, total: int, changed: Callable[["Tracker"], None]) -> None:
        self.label, self.total, self.done = label, total, 0
        self._changed, self._start = changed, time.monotonic()

    def advance(self, items: int = 1) -> None:
        """Counts items as done."""
        self.done += items
        self._changed(self)

    def update(self, label: str, done: int | None = None) -> None:
        """Names the work anew, such as by its present part, and may set how many items are done."""
        self.label = label
        self.done = self.done if done is None else done
        self._changed(self)

    def line(self) -> str:
        """The present state in a line: "views: 12 of 40, about 3 min left"."""
        seconds = time.monotonic() - self._start
        if not self.done:
            rest = f"after {rough_duration(seconds)}"
        else:
            rest = f"about {rough_duration(seconds * max(0, self.total - self.done) / self.done)} left"
        return f"{self.label}: {self.done:,} of {self.total:,}, {rest}"


@contextmanager
def track(label: str, total: int, console: Console, every: float = 30) -> Iterator[Tracker]:
    """Shows the progress of the work inside `with`.

    A terminal gets a bar, which goes when the work ends. Anything else gets no bar but a line every `every` seconds,
    also while one item takes longer than that.

    Args:
        label: names the work.
        total: how many items there are to do.
        console: where to show it; standard error, so that output stays clean. A quiet one shows nothing.
        every: seconds between lines.
    """
    if console.is_terminal:
        with Progress(console=console, transient=True) as bar:
            task = bar.add_task(escape(label), total=total)
            yield Tracker(label, total, lambda t: bar.update(task, description=escape(t.label), completed=t.done))
        return
    tracker, ended = Tracker(label, total, lambda t: None), Event()

    def write_lines() -> None:
        while not ended.wait(every):
            console.print(tracker.line(), markup=False, highlight=False, soft_wrap=True)

    writer = Thread(target=write_lines, daemon=True)
    writer.start()
    try:
        yield tracker
    finally:
        ended.set()
        writer.join()


def rough_duration(seconds: float) -> str:
    """A time span as an estimate gives it: 40 s, 3 min, 2 h 05 min."""
    if seconds < 99.5:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"
