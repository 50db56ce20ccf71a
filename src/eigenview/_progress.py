"""Progress of long work: a bar on a terminal, elsewhere a line now and then."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, ProgressColumn, Task
from rich.text import Text


class Tracker:
    """The progress of long work, as a line tells it: "views: 12 of 40, about 3 min left".

    Args:
        label: names the work, or its present part.
        total: number of items in the whole work.
        done: number of items already done.
        position: the beginning of a line; by default the label and the number of items done.
        seconds_left: estimates the time left in seconds, None if it is unknown; by default from the rate so far.

    Attributes:
        written: when the last line was written, on the monotonic clock.
        on_change: is called after each change, to show it on a bar.
        on_line: is called with each line, to write it where there is no bar.
    """

    def __init__(
        self,
        label: str,
        total: int,
        done: int = 0,
        position: "Callable[[Tracker], str] | None" = None,
        seconds_left: "Callable[[Tracker], float | None] | None" = None,
    ) -> None:
        self.label, self.total, self.done, self.written = label, total, done, time.monotonic()
        self._begin, self._done_before = self.written, done
        self._position, self._seconds_left = position or _count, seconds_left or Tracker._by_rate
        self.on_change: Callable[[Tracker], None] = lambda tracker: None
        self.on_line: Callable[[str], None] = lambda line: None

    def advance(self, items: int = 1) -> None:
        """Counts items as done."""
        self.update(self.label, self.done + items)

    def update(self, label: str, done: int | None = None) -> None:
        """Renames the work, such as by its present part, and may set how many items are done."""
        self.label = label
        self.done = self.done if done is None else done
        self.on_change(self)

    def say(self, line: str) -> None:
        """Writes a line at once where there is no bar, which puts off the next automatic one."""
        self.written = time.monotonic()
        self.on_line(line)

    def position(self) -> str:
        """How far the work is: "views: 12 of 40"."""
        return self._position(self)

    def time_left(self) -> str:
        """The time left: "about 3 min left"; empty if it is unknown."""
        seconds = self._seconds_left(self)
        return "" if seconds is None else f"about {rough_duration(seconds)} left"

    def line(self) -> str:
        """How far the work is, and the time left or, if that is unknown, the time since the work began."""
        return f"{self.position()}, {self.time_left() or f'after {rough_duration(time.monotonic() - self._begin)}'}"

    def _by_rate(self) -> float | None:
        done = self.done - self._done_before
        return (time.monotonic() - self._begin) * max(0, self.total - self.done) / done if done else None


class _TimeLeft(ProgressColumn):
    """The time left beside a bar, in the words of a line."""

    max_refresh = 0.5

    def __init__(self, tracker: Tracker) -> None:
        super().__init__()
        self._tracker = tracker

    def render(self, task: Task) -> Text:
        return Text(self._tracker.time_left())


def _count(tracker: Tracker) -> str:
    return f"{tracker.label}: {tracker.done:,} of {tracker.total:,}"


@contextmanager
def track(
    label: str,
    total: int,
    console: Console,
    every: float = 30,
    *,
    done: int = 0,
    position: Callable[[Tracker], str] | None = None,
    seconds_left: Callable[[Tracker], float | None] | None = None,
    bar: Progress | None = None,
) -> Iterator[Tracker]:
    """Shows the progress of the work inside `with`.

    A terminal gets a bar. Anything else gets a line whenever none was written for `every` seconds, also while one item
    takes longer than that.

    Args:
        label: names the work.
        total: number of items in the whole work.
        console: where to show it; standard error, so that output stays clean. A quiet one shows nothing.
        every: seconds without a line after which one is written.
        done: number of items already done.
        position: the beginning of a line; by default the label and the number of items done.
        seconds_left: estimates the time left in seconds, None if it is unknown; by default from the rate so far.
        bar: the bar on a terminal, without its time left; by default one that disappears when the work ends.
    """
    tracker = Tracker(label, total, done, position, seconds_left)
    if console.quiet:
        yield tracker
    elif console.is_terminal:
        shown = bar or Progress(*Progress.get_default_columns()[:-1], console=console, transient=True)
        shown.columns = (*shown.columns, _TimeLeft(tracker))
        with shown:
            task = shown.add_task(escape(label), total=total, completed=done)
            tracker.on_change = lambda t: shown.update(task, description=escape(t.label), completed=t.done)
            yield tracker
    else:
        tracker.on_line = lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True)
        with _never_silent(tracker, every):
            yield tracker


@contextmanager
def _never_silent(tracker: Tracker, every: float) -> Iterator[None]:
    """Writes a line whenever the tracker has written none for `every` seconds."""
    ended = Event()

    def write_when_due() -> None:
        while not ended.wait(max(0.0, tracker.written + every - time.monotonic())):
            if time.monotonic() >= tracker.written + every:
                tracker.say(tracker.line())

    writer = Thread(target=write_when_due, daemon=True)
    writer.start()
    try:
        yield
    finally:
        ended.set()
        writer.join()


def rough_duration(seconds: float) -> str:
    """A time span as an estimate gives it: 40 s, 3 min, 2 h 05 min."""
    if seconds < 99.5:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"
