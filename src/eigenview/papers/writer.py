"""Writing what an experiment found: its figure, its table and its claims."""

import csv
import json
import os
import platform
from dataclasses import asdict
from datetime import date
from pathlib import Path

import torch

from eigenview._files import write_text
from eigenview._version import __version__
from eigenview.papers.experiment import Experiment, Scale
from eigenview.papers.outcome import Outcome
from eigenview.papers.records import CLAIMS, ExperimentRecord
from eigenview.plotting.style import style


def write_record(out: Path, experiment: Experiment, scale: Scale, outcome: Outcome, seconds: float) -> ExperimentRecord:
    """Writes `figure.png`, `figure.svg`, `table.csv` and, last, `claims.json`, which marks the others as complete.

    Args:
        out: the directory of all experiments.
        experiment: the experiment that ran.
        scale: the scale at which it ran.
        outcome: what it returned.
        seconds: how long it took.
    """
    folder = out / experiment.path
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CLAIMS).unlink(missing_ok=True)
    with style():
        outcome.figure.savefig(folder / "figure.png", dpi=150)
        outcome.figure.savefig(folder / "figure.svg", metadata={"Date": None})
    with (folder / "table.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(outcome.table)
        writer.writerows(zip(*outcome.table.values(), strict=True))
    record = ExperimentRecord(
        path=experiment.path,
        shows=experiment.shows,
        scale=scale,
        caption=outcome.caption,
        claims=outcome.claims,
        seeds=outcome.seeds,
        seconds=round(seconds, 1),
        date=date.today().isoformat(),
        versions=f"Python {platform.python_version()}, torch {torch.__version__}, eigenview {__version__}",
        machine=f"{platform.machine()}, {os.cpu_count()} cores",
    )
    write_text(folder / CLAIMS, json.dumps(asdict(record), indent=1, allow_nan=False))
    return record
