"""The headline of a run: what probes read from raw pixels, and what they read from features."""

from math import hypot, sqrt
from typing import NamedTuple

from eigenview.runs.history import History
from eigenview.runs.records import ProbeRecord

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


def probe_table(history: History) -> list[ProbeRow]:
    """The newest result of each probe of a run, fewest labels first."""
    pixels = {record.probe: record for record in history.probes if record.input == "pixels"}
    features = {record.probe: record for record in history.probes if record.input == "features"}
    names = list(dict.fromkeys(record.probe for record in history.probes))
    known = [name for name in ORDER if name in names]
    ordered = known + [name for name in names if name not in ORDER]
    return [_row(name, pixels.get(name), features.get(name)) for name in ordered]


def _row(probe: str, pixels: ProbeRecord | None, features: ProbeRecord | None) -> ProbeRow:
    gain, clear = None, False
    if pixels is not None and features is not None:
        gain = 100 * (features.accuracy - pixels.accuracy)
        clear = abs(gain) > 200 * hypot(_standard_error(pixels), _standard_error(features))
    return ProbeRow(probe, *_accuracy(pixels), *_accuracy(features), gain, clear)


def _accuracy(record: ProbeRecord | None) -> tuple[float | None, float | None]:
    return (None, None) if record is None else (record.accuracy, record.spread)


def _standard_error(record: ProbeRecord) -> float:
    if record.draws:
        return (record.spread or 0.0) / sqrt(record.draws)
    return sqrt(record.accuracy * (1 - record.accuracy) / record.held_out) if record.held_out else 0.0
