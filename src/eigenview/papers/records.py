"""The record of an experiment that has run, and how to read it back."""

import json
from dataclasses import dataclass
from pathlib import Path

from eigenview.papers.catalogue import EXPERIMENTS
from eigenview.papers.claims import Claim
from eigenview.papers.experiment import Experiment, Scale

CLAIMS = "claims.json"
"""The file, in the folder of an experiment, that is written last."""


@dataclass(frozen=True)
class ExperimentRecord:
    """The claims of one experiment, and when and where they were tested.

    Args:
        path: `PAPER/EXPERIMENT`.
        shows: what the experiment shows, in one line.
        scale: the scale at which it ran.
        caption: the caption of its figure.
        claims: its claims with their verdicts.
        seeds: the seeds of everything random.
        seconds: how long it took.
        date: the ISO date on which it ran.
        versions: the versions of Python, torch and this library.
        machine: the machine's architecture and number of cores.
    """

    path: str
    shows: str
    scale: Scale
    caption: str
    claims: tuple[Claim, ...]
    seeds: tuple[int, ...]
    seconds: float
    date: str
    versions: str
    machine: str

    @property
    def paper(self) -> str:
        """The short name of the experiment's paper."""
        return self.path.split("/")[0]


def read_record(out: Path, experiment: Experiment) -> ExperimentRecord | None:
    """The record of an experiment; None if it has not run to its end, or by another version of this library.

    Args:
        out: the directory of all experiments.
        experiment: the experiment.
    """
    return _read(out / experiment.path / CLAIMS)


def read_records(out: Path) -> list[ExperimentRecord]:
    """The records of all experiments in a directory: the five papers' in their order, then others by their path."""
    order = {each.path: i for i, each in enumerate(EXPERIMENTS)}
    paths = [file.parent.relative_to(out).as_posix() for file in out.glob(f"*/*/{CLAIMS}")]
    records = [
        _read(out / path / CLAIMS) for path in sorted(paths, key=lambda path: (order.get(path, len(order)), path))
    ]
    return [record for record in records if record is not None]


def _read(file: Path) -> ExperimentRecord | None:
    if not file.exists():
        return None
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
        claims = tuple(Claim(**claim) for claim in fields["claims"])
        return ExperimentRecord(**{**fields, "claims": claims, "seeds": tuple(fields["seeds"])})
    except (ValueError, TypeError, KeyError):
        return None  # damaged, or of another version: the experiment runs again
