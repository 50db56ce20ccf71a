"""The headline of a run: what probes read from raw pixels, and what they read from features."""

from collections.abc import Iterable
from math import hypot, sqrt
from typing import Any, NamedTuple

from eigenview.runs.history import History

ORDER = ("1 label a class", "5 labels a class", "kNN", "linear")


class ProbeRow(NamedTuple):
    """One probe's accuracies and spreads, 0 to 1, on pixels and on features; None where it was not run.

    `gain` is in points: 100 × (features − pixels). It is `clear` where it exceeds two standard errors: over draws where
    there are some, else over the held-out images.
    """

    probe: str
    pixels: float | None
    pixels_spread: float | None
    features: float | None
    features_spread: float | None
    gain: float | None
    clear: bool


def probe_table(lines: Iterable[dict[str, Any]]) -> list[ProbeRow]:
    """The newest result of every probe in a run's metrics, fewest labels first.

    Args:
        lines: the lines of `metrics.jsonl`.
    """
    probes = [line for line in History.of(lines).probes if line.get("input") != "embeddings"]  # these: `retrieval_rows`
    newest = {(line.get("probe"), line.get("input")): line for line in probes}
    names = dict.fromkeys(str(probe) for probe, _ in newest)
    known = [name for name in ORDER if name in names]
    return [_row(name, newest) for name in known + [name for name in names if name not in ORDER]]


def _row(probe: str, newest: dict[Any, dict[str, Any]]) -> ProbeRow:
    pixels, features = newest.get((probe, "pixels"), {}), newest.get((probe, "features"), {})
    below, above = pixels.get("accuracy"), features.get("accuracy")
    gain = None if below is None or above is None else 100 * (above - below)
    clear = gain is not None and abs(gain) > 200 * hypot(_standard_error(pixels), _standard_error(features))
    return ProbeRow(probe, below, pixels.get("spread"), above, features.get("spread"), gain, clear)


def _standard_error(line: dict[str, Any]) -> float:
    if line.get("draws"):
        return (line.get("spread") or 0.0) / sqrt(line["draws"])
    accuracy, images = line["accuracy"], line.get("held_out")
    return sqrt(accuracy * (1 - accuracy) / images) if images else 0.0
