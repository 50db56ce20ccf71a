"""The headline of a run: what probes read from raw pixels, and what they read from features."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from eigenview.report.history import History
from eigenview.report.words import Number

ORDER = ("1 label a class", "5 labels a class", "kNN", "linear")


class ProbeRow(NamedTuple):
    """One probe's accuracies and spreads, 0 to 1, on pixels and on features; None where it was not run.

    `gain` is in points: 100 × (features − pixels).
    """

    probe: str
    pixels: Number | None
    pixels_spread: Number | None
    features: Number | None
    features_spread: Number | None
    gain: Number | None


def probe_table(lines: Iterable[dict[str, Any]]) -> list[ProbeRow]:
    """The newest result of every probe in a run's metrics, fewest labels first.

    Args:
        lines: the lines of `metrics.jsonl`.
    """
    newest = {(line.get("probe"), line.get("input")): line for line in History.of(lines).probes}
    names = dict.fromkeys(str(probe) for probe, _ in newest)
    known = [name for name in ORDER if name in names]
    return [_row(name, newest) for name in known + [name for name in names if name not in ORDER]]


def _row(probe: str, newest: dict[Any, dict[str, Any]]) -> ProbeRow:
    pixels, features = newest.get((probe, "pixels"), {}), newest.get((probe, "features"), {})
    below, above = pixels.get("accuracy"), features.get("accuracy")
    gain = None if below is None or above is None else 100 * (above - below)
    return ProbeRow(probe, below, pixels.get("spread"), above, features.get("spread"), gain)
