"""What a monitor writes: measurements and alarms, in its `metrics.jsonl` and in the log."""

import contextlib
import logging
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from eigenview._errors import UsageError
from eigenview._version import __version__
from eigenview.alarms.alarm import Alarm, AlarmRule
from eigenview.alarms.engine import AlarmEngine
from eigenview.alarms.nonfinite import NOT_FINITE
from eigenview.measures import MeasureSpec, pair_cosines, spectrum, spectrum_shares, spread
from eigenview.monitor.buffer import Sample
from eigenview.monitor.evaluate import evaluate_measure
from eigenview.runs.history import History
from eigenview.runs.metrics import MetricsWriter
from eigenview.runs.records import AlarmRecord, Cosines, EndRecord, Record, StartRecord, StepRecord, Value

R = TypeVar("R", bound=Record)

logger = logging.getLogger("eigenview")

LINES_BETWEEN_THINNINGS = 12


class MonitorWriter:
    """Measures rows, and writes the records and alarms that a run of `eigenview train` would have.

    Args:
        out: directory of `metrics.jsonl`.
        measures: what is measured.
        step: steps made before; later records of an earlier session are forgotten.
        alarms: rules besides those of `eigenview.alarms`.

    Raises:
        UsageError: the directory holds something else, or a rule cannot be found.
    """

    def __init__(
        self, out: Path, measures: Sequence[MeasureSpec], step: int, alarms: Sequence[str | AlarmRule] = ()
    ) -> None:
        file = out / "metrics.jsonl"
        if (out / "recipe.yaml").exists():
            raise UsageError(f"out='{out}' holds a run of eigenview train: choose another directory")
        if file.exists() and not step:
            raise UsageError(f"{file} already exists: choose another directory, or pass step=N to resume")
        self._measures, self._step = measures, step
        self._max_rank: dict[str, int] = {}  # of which the engine learns here
        self._alarms = AlarmEngine(None, self._max_rank, extra=alarms, moments=("each measurement",))
        out.mkdir(parents=True, exist_ok=True)
        self._file: MetricsWriter | None = MetricsWriter(file, keep_to=step)
        self._began, self._records = time.monotonic(), 0
        self._logged: set[str] = set()
        self._resume(History.read(file))

    def _resume(self, history: History) -> None:
        """What was measured and raised before is known, and is not raised again."""
        if history.skipped:
            logger.warning(history.skipped_summary)
        self._logged.update(record.name for record in history.alarms)
        for record in history.steps:
            self._records += 1
            self._max_rank.update(record.max_rank)
            self._alarms.update(record)

    def start(self, model: nn.Module | None, **settings: Any) -> None:
        """Write the first record.

        Args:
            model: whose device it names.
            settings: of the monitor, as fields of `StartRecord`.
        """
        parameter = None if model is None else next(model.parameters(), None)
        versions = {"eigenview": __version__, "torch": torch.__version__, "python": platform.python_version()}
        device = "cpu" if parameter is None else parameter.device.type
        self._write(StartRecord(time.time(), versions, device, resumed_from=self._step, **settings))

    def check(self, step: int, where: str, rows: Float[Tensor, "..."]) -> None:
        """Raise an alarm, once, if rows are not finite."""
        broken = ~torch.isfinite(rows).flatten(0, -2).all(1)
        if broken.any():
            evidence = (
                f"at step {step}, {int(broken.sum())} of {len(broken)} rows are not finite in {where}, the first of "
                "the observed layers"
            )
            self._alarm(step, NOT_FINITE.alarm(evidence))

    def measure(self, step: int, samples: Mapping[str, Sample | None], problems: Mapping[str, str]) -> None:
        """Write a record with all measures of features and embeddings.

        Args:
            step: steps made.
            samples: rows of features and embeddings; None where there are none.
            problems: why there are none.
        """
        usable = {space: sample for space, sample in samples.items() if sample is not None and sample.finite}
        values: dict[str, dict[str, Value]] = {spec.name: {} for spec in self._measures}
        missing: dict[str, dict[str, str]] = {}
        for space, sample in samples.items():
            shared: dict[Any, Any] = {}
            for spec in self._measures:
                if space in usable:
                    value, why = evaluate_measure(spec, usable[space], shared)
                else:
                    value, why = None, problems[space] if sample is None else "its rows are not finite"
                values[spec.name][space] = value
                if why is not None:
                    missing.setdefault(spec.name, {})[space] = why
        record = StepRecord(
            step,
            seconds=time.monotonic() - self._began,
            effective_rank=values.pop("effective_rank", {}),  # pyright: ignore[reportArgumentType]  # numbers only
            spread={space: spread(sample.rows.double()) for space, sample in usable.items()},
            cosine={space: cosines for space, sample in usable.items() if (cosines := _cosines(sample))},
            spectrum=self._spectra(usable),
            rows={space: 0 if sample is None else len(sample.rows) for space, sample in samples.items()},
            max_rank=self._new_max_rank(usable),
            missing=missing,
            measures=values,
        )
        self._records += 1
        written = self._write(record)
        self._log_missing(step, missing)
        for alarm in self._alarms.update(written):
            self._alarm(step, alarm)

    def fail(self, step: int, error: Exception) -> None:
        """Log that a measurement failed unexpectedly; the first time, with the traceback."""
        first = "failed" not in self._logged
        self._logged.add("failed")
        logger.error("step %d: nothing was measured: %s: %s", step, type(error).__name__, error, exc_info=first)

    def end(self, step: int, outcome: str) -> None:
        """Write the last record, and close the file."""
        try:
            self._write(EndRecord(step, time.monotonic() - self._began, outcome))
        finally:
            if self._file is not None:
                self._file.__exit__()
            self._file = None

    def _new_max_rank(self, usable: Mapping[str, Sample]) -> dict[str, int]:
        """Of the first measurement of each layer: later ones may have fewer rows, but the layer as many dimensions."""
        new = {
            space: min(sample.samples, sample.rows.shape[1])
            for space, sample in usable.items()
            if space not in self._max_rank
        }
        self._max_rank.update(new)
        return new

    def _spectra(self, usable: Mapping[str, Sample]) -> dict[str, list[float | None]]:
        """In each of the first dozen records, then in every second until there are twice as many, and so on."""
        if self._records % 2 ** (self._records // LINES_BETWEEN_THINNINGS).bit_length():
            return {}
        return {space: [*spectrum_shares(spectrum(sample.rows))] for space, sample in usable.items()}

    def _log_missing(self, step: int, missing: Mapping[str, Mapping[str, str]]) -> None:
        """Log what is missing for the first time, together where it is for one reason."""
        new: dict[tuple[str, str], list[str]] = {}
        for name, reasons in missing.items():
            for space, why in reasons.items():
                if (key := f"{name} of {space}") not in self._logged:
                    self._logged.add(key)
                    new.setdefault((space, why), []).append(name)
        for (space, why), names in new.items():
            logger.warning("step %d: no %s of %s: %s", step, ", ".join(names), space, why)

    def _alarm(self, step: int, alarm: Alarm) -> None:
        if alarm.name in self._logged:
            return
        self._logged.add(alarm.name)
        self._write(AlarmRecord(step, alarm.name, alarm.evidence, alarm.advice))
        logger.warning("%s: %s. Try %s.", alarm.name, alarm.evidence, alarm.advice)

    def _write(self, record: R) -> R:
        """Write a record; where that fails, such as on a full disk, training still goes on."""
        try:
            return record if self._file is None else self._file.write(record)
        except OSError as error:
            logger.error("nothing more is written: %s", error)
            file, self._file = self._file, None
            with contextlib.suppress(OSError):
                file.__exit__()  # pyright: ignore[reportOptionalMemberAccess]
            return record


def _cosines(sample: Sample) -> Cosines | None:
    """Of views, where there are pairs of them."""
    if sample.views is None or min(sample.views.shape[:2]) < 2:
        return None
    return Cosines(**asdict(pair_cosines(sample.views)))
