"""What an experiment leaves on disk, and reading it back."""

import csv
import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import torch

from eigenview._version import __version__
from eigenview.papers.catalogue import Experiment
from eigenview.papers.outcome import Claim, Outcome, Scale
from eigenview.plotting.style import style

_CLAIMS = "claims.json"


@dataclass(frozen=True)
class Record:
    """What was found of an experiment, when and where.

    Args:
        path: `PAPER/EXPERIMENT`.
        scale: at which it ran.
        caption: of its figure.
        claims: with their verdicts.
        seeds: of what was drawn.
        seconds: that it took.
        date: on which, ISO.
        versions: of Python, torch and this library.
        machine: that it ran on.
    """

    path: str
    scale: Scale
    caption: str
    claims: tuple[Claim, ...]
    seeds: tuple[int, ...]
    seconds: float
    date: str
    versions: str
    machine: str


def write_record(out: Path, experiment: Experiment, scale: Scale, outcome: Outcome, seconds: float) -> Record:
    """Writes `figure.png`, `figure.svg`, `table.csv` and, last, `claims.json`: what has it is whole.

    Args:
        out: the directory of all experiments.
        experiment: which one.
        scale: at which it ran.
        outcome: what it found.
        seconds: that it took.
    """
    folder = out / experiment.path
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _CLAIMS).unlink(missing_ok=True)
    with style():
        outcome.figure.savefig(folder / "figure.png", dpi=150)
        outcome.figure.savefig(folder / "figure.svg", metadata={"Date": None})
    with (folder / "table.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(outcome.columns)
        writer.writerows(zip(*outcome.columns.values(), strict=True))
    versions = f"Python {platform.python_version()}, torch {torch.__version__}, eigenview {__version__}"
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    record = Record(
        experiment.path,
        scale,
        outcome.caption,
        outcome.claims,
        outcome.seeds,
        round(seconds, 1),
        date.today().isoformat(),
        versions,
        machine,
    )
    beside = folder / f".{_CLAIMS}.tmp"
    beside.write_text(json.dumps(asdict(record), indent=1, allow_nan=False), encoding="utf-8")
    os.replace(beside, folder / _CLAIMS)
    return record


def record_of(out: Path, experiment: Experiment) -> Record | None:
    """What was last found of an experiment; None if it has not run to its end."""
    file = out / experiment.path / _CLAIMS
    if not file.exists():
        return None
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        claims = tuple(Claim(**each) for each in found["claims"])
        return Record(**{**found, "claims": claims, "seeds": tuple(found["seeds"])})
    except (ValueError, TypeError, KeyError):
        return None  # torn, or of another version: it runs again
