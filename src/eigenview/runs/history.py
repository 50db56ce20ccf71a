"""The records of a run, sorted by kind."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from eigenview.runs.metrics import read_metrics
from eigenview.runs.records import (
    AlarmRecord,
    EndRecord,
    ProbeRecord,
    Record,
    RetrievalRecord,
    StartRecord,
    StepRecord,
    ZeroShotRecord,
)

SPACES = ("features", "embeddings")

_NAMED = 3  # skipped lines whose problem is told


@dataclass
class History:
    """What is known of a run, in the order in which it was written.

    Attributes:
        start: the newest start; None if the run never got that far.
        began: Unix time of the first start, in seconds.
        resumed: the steps that the run was resumed from.
        steps: measurements.
        alarms: alarms.
        probes: accuracies of probes.
        retrievals: retrieval between modalities.
        zero_shots: zero-shot classifications.
        end: how the newest start ended; None if the run was killed or is still going.
        skipped: for each line of `metrics.jsonl` that could not be read, its number and why.
    """

    start: StartRecord | None = None
    began: float | None = None
    resumed: list[int] = field(default_factory=list)
    steps: list[StepRecord] = field(default_factory=list)
    alarms: list[AlarmRecord] = field(default_factory=list)
    probes: list[ProbeRecord] = field(default_factory=list)
    retrievals: list[RetrievalRecord] = field(default_factory=list)
    zero_shots: list[ZeroShotRecord] = field(default_factory=list)
    end: EndRecord | None = None
    skipped: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, records: Iterable[Record]) -> "History":
        """Sort records."""
        history = cls()
        for record in records:
            history._add(record)
        return history

    @classmethod
    def read(cls, path: Path) -> "History":
        """Read a `metrics.jsonl`; empty if there is none.

        Raises:
            UsageError: a newer version of Eigenview wrote it.
        """
        lines = read_metrics(path)
        history = cls.of(line.record for line in lines if line.record is not None)
        history.skipped = [f"line {line.number}: {line.problem}" for line in lines if line.record is None]
        return history

    def _add(self, record: Record) -> None:
        match record:
            case StartRecord():
                self.began = record.time if self.began is None else self.began
                # Every start says where it began; only those after the first went on from there.
                self.resumed += [] if self.start is None else [record.resumed_from]
                self.start, self.end = record, None
            case StepRecord():
                self.steps.append(record)
            case AlarmRecord():
                self.alarms.append(record)
            case ProbeRecord():
                self.probes.append(record)
            case RetrievalRecord():
                self.retrievals.append(record)
            case ZeroShotRecord():
                self.zero_shots.append(record)
            case EndRecord():
                self.end = record

    @property
    def last(self) -> StepRecord | None:
        """The newest measurement, if there is one."""
        return self.steps[-1] if self.steps else None

    @property
    def monitored(self) -> bool:
        """Whether a `Monitor` wrote this, in somebody's own loop."""
        return self.start is not None and self.start.layers is not None

    @property
    def measures(self) -> list[str]:
        """Names of what was measured by single numbers, besides what has a figure of its own."""
        groups = [pair for record in self.steps for pair in (*record.measures.items(), ("spread", record.spread))]
        numbers = (name for name, group in groups if any(isinstance(group.get(of), int | float) for of in SPACES))
        return list(dict.fromkeys(numbers))

    @property
    def skipped_summary(self) -> str:
        """How many lines could not be read, and the first few, in a sentence; empty if there are none."""
        if not self.skipped:
            return ""
        count = f"{len(self.skipped):,} lines" if len(self.skipped) > 1 else "1 line"
        more = "; …" if len(self.skipped) > _NAMED else ""
        return f"Skipped {count} of metrics.jsonl that could not be read ({'; '.join(self.skipped[:_NAMED])}{more})."

    def curve(self, name: str, of: str | None = None) -> tuple[list[int], list[float]]:
        """Steps and values of the number called `name`, or of `of` in the mapping called so; NaN where it has none."""
        return [record.step for record in self.steps], [record.value(name, of) for record in self.steps]
