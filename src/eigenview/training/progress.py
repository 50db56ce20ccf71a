"""What training shows: progress, alarms, results of probes."""

import time
from collections.abc import Iterable, Sequence
from types import TracebackType

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from eigenview._progress import Tracker, track
from eigenview.alarms import Alarm
from eigenview.plotting.tables import Table
from eigenview.report import RetrievalRow
from eigenview.runs import ProbeRow, StepRecord


class _Bar(Progress):
    """A progress bar with the newest numbers below it, wrapped where the terminal is narrow."""

    numbers = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        yield Text(self.numbers)


class TrainingProgress:
    """A progress bar on a terminal; elsewhere a line for each measurement, and one after 30 seconds without any.

    Args:
        console: where to write.
        steps: number of updates in the whole run.
        step: number of updates already made.
        every: seconds without a line after which one is written where there is no terminal.
    """

    def __init__(self, console: Console, steps: int, step: int, every: float = 30) -> None:
        self._from: tuple[int, float] | None = None
        self._bar = _Bar(TextColumn("[bold]training"), BarColumn(bar_width=20), MofNCompleteColumn(), console=console)
        self._tracking = track(
            "training",
            steps,
            console,
            every,
            done=step,
            position=lambda tracker: f"step {tracker.done:,} of {tracker.total:,}",
            seconds_left=self._seconds_left,
            bar=self._bar,
        )

    def __enter__(self) -> "TrainingProgress":
        self._tracker = self._tracking.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._tracking.__exit__(kind, error, at)

    def advance(self) -> None:
        """Counts an update."""
        self._tracker.advance()
        if self._from is None:  # The first update is slower, so the pace is that of those after it.
            self._from = self._tracker.done, time.perf_counter()

    def measured(self, record: StepRecord) -> None:
        """Shows a measurement."""
        scale = "" if record.scale is None else f" ({record.scale:.0%} of best)"
        features, embeddings = (record.value("effective_rank", of) for of in ("features", "embeddings"))
        numbers = (
            f"{record.value('images_per_s'):,.0f} images/s · loss {record.value('loss'):.4g}{scale}"
            f" · effective rank h {features:.1f}, z {embeddings:.1f}"
        )
        self._bar.numbers, tracker = numbers, self._tracker
        position = ", ".join(filter(None, (tracker.position(), tracker.time_left())))
        tracker.say(f"{position} · {numbers}")

    def _seconds_left(self, tracker: Tracker) -> float | None:
        """Seconds of the remaining updates at the mean pace so far; None without a pace, and at the end."""
        if self._from is None or tracker.done in (self._from[0], tracker.total):
            return None
        step, time_then = self._from
        return (time.perf_counter() - time_then) / (tracker.done - step) * (tracker.total - tracker.done)


def say_alarm(console: Console, alarm: Alarm) -> None:
    """Shows an alarm: its name, the evidence, and what to try."""
    words = f"{alarm.name}: {alarm.evidence}. Try {alarm.advice}."
    console.print("alarm", Text(words), style="bold red", soft_wrap=True)


def show_probes(console: Console, rows: Sequence[ProbeRow]) -> None:
    """Shows what probes read from pixels and from features, as a table; nothing without probes."""
    if not rows:
        return
    table = Table("probe", "(raw pixels)", "(features)", "(gain, points)", title="accuracy on held-out images")
    for row in rows:
        gain = "" if row.gain is None else f"{row.gain:+.1f}"
        table.add_row(row.probe, _share(row.pixels, row.pixels_spread), _share(row.features, row.features_spread), gain)
    console.print(table)


def show_retrieval(console: Console, rows: Sequence[RetrievalRow], words: Sequence[str]) -> None:
    """Shows how often images and texts retrieved each other, as a table with notes below it; nothing without probes."""
    if not rows:
        return
    table = Table("from → to", *(f"({k})" for k in rows[0].found), title="retrieval (by chance)")
    for row in rows:
        table.add_row(row.way, *(f"{share:.1%} ({row.chance[k]:.1%})" for k, share in row.found.items()))
    console.print(table)
    for line in words:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _share(mean: float | None, spread: float | None) -> str:
    if mean is None:
        return ""
    return f"{mean:.1%}" if spread is None else f"{mean:.1%} ± {spread:.1%}"


class Clock:
    """Counts the seconds that a run has trained, and its present rate.

    Args:
        seconds: training time of earlier parts of the run.
    """

    def __init__(self, seconds: float) -> None:
        self._start = time.perf_counter() - seconds
        self._lap, self._images = time.perf_counter(), 0

    @property
    def seconds(self) -> float:
        """Training time of the whole run so far."""
        return time.perf_counter() - self._start

    def count(self, images: int) -> None:
        """Counts the images of an update."""
        self._images += images

    def rate(self) -> float:
        """Images per second since the last call."""
        now = time.perf_counter()
        rate = self._images / max(now - self._lap, 1e-9)
        self._lap, self._images = now, 0
        return rate
