"""What a person sees while a run goes on."""

import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from eigenview.alarms import Alarm
from eigenview.report import RetrievalRow
from eigenview.runs import ProbeRow


class _Bar(Progress):
    """With the newest numbers in a line of their own, which a narrow terminal would else take from the bar."""

    numbers = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        yield Text(self.numbers, no_wrap=True, overflow="ellipsis")


class TrainingProgress:
    """A bar on a terminal; elsewhere, a line for each measurement.

    Args:
        console: where to write.
        steps: updates in all.
        step: updates already made.
    """

    def __init__(self, console: Console, steps: int, step: int) -> None:
        self._console = console
        self._bar = _Bar(
            TextColumn("[bold]training"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=steps, completed=step)

    def __enter__(self) -> "TrainingProgress":
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.stop()

    def advance(self) -> None:
        """One update was made."""
        self._bar.advance(self._task)

    def measured(self, line: Mapping[str, Any]) -> None:
        """Shows a step's line of the metrics."""
        ranks = line["effective_rank"]
        scale = "" if line["scale"] is None else f" ({line['scale']:.0%} of best)"
        numbers = (
            f"{line['images_per_s']:,.0f} images/s · loss {line['loss']:.4g}{scale}"
            f" · rank h {ranks['features']:.1f}, z {ranks['embeddings']:.1f}"
        )
        self._bar.numbers = numbers
        if not self._console.is_terminal:
            self.say(f"step {line['step']}: {numbers}")

    def say(self, text: str) -> None:
        """Shows a line above the bar."""
        self._bar.console.print(text, highlight=False, soft_wrap=True)


def say_alarm(console: Console, alarm: Alarm) -> None:
    """An alarm as a person reads it: name, evidence, what to try."""
    words = f"{alarm.name}: {alarm.evidence}. Try {alarm.advice}."
    console.print("alarm", Text(words), style="bold red", soft_wrap=True)


def show_probes(console: Console, rows: Sequence[ProbeRow]) -> None:
    """What probes read from pixels and from features, as a table; nothing where nothing was probed."""
    if not rows:
        return
    table = Table(title="accuracy on held-out images", title_justify="left")
    for name in ("probe", "raw pixels", "features", "gain, points"):
        table.add_column(name, justify="left" if name == "probe" else "right")
    for row in rows:
        gain = "" if row.gain is None else f"{row.gain:+.1f}"
        table.add_row(row.probe, _share(row.pixels, row.pixels_spread), _share(row.features, row.features_spread), gain)
    console.print(table)


def show_retrieval(console: Console, rows: Sequence[RetrievalRow], words: Sequence[str]) -> None:
    """How often images and texts found each other, as a table, and words below it; nothing where nobody looked."""
    if not rows:
        return
    table = Table(title="retrieval (by chance)", title_justify="left")
    table.add_column("from → to")
    for k in rows[0].found:
        table.add_column(k, justify="right")
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
    """Seconds that a run has trained, over all its parts, and its present rate.

    Args:
        seconds: trained before this part.
    """

    def __init__(self, seconds: float) -> None:
        self._start = time.perf_counter() - seconds
        self._lap, self._images = time.perf_counter(), 0

    @property
    def seconds(self) -> float:
        """Since training began."""
        return time.perf_counter() - self._start

    def count(self, images: int) -> None:
        """So many images went through an update."""
        self._images += images

    def rate(self) -> float:
        """Images a second since this was last asked."""
        now = time.perf_counter()
        rate = self._images / max(now - self._lap, 1e-9)
        self._lap, self._images = now, 0
        return rate
