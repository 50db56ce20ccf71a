"""What a monitor writes: measurements and alarms, in the file and in the log."""

import contextlib
import logging
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from eigenview._errors import UsageError
from eigenview._version import __version__
from eigenview.alarms.alarm import Alarm
from eigenview.alarms.engine import AlarmEngine
from eigenview.measures import MeasureSpec, pair_cosines, spectrum
from eigenview.monitor.buffer import Sample
from eigenview.monitor.evaluate import evaluate_measure
from eigenview.runs import MetricsWriter, read_metrics
from eigenview.runs.step_values import spectrum_shares, spread

logger = logging.getLogger("eigenview")

LINES_BETWEEN_THINNINGS = 12


class MonitorWriter:
    """The `metrics.jsonl` of a monitor, with the lines of a run of `eigenview train`.

    Args:
        out: its directory.
        measures: what is measured.
        step: steps made before; later lines of an earlier sitting are forgotten.

    Raises:
        UsageError: the directory holds something else.
    """

    def __init__(self, out: Path, measures: Sequence[MeasureSpec], step: int) -> None:
        file = out / "metrics.jsonl"
        if (out / "recipe.yaml").exists():
            raise UsageError(f"out='{out}' holds a run of eigenview train: name another directory")
        if file.exists() and not step:
            raise UsageError(f"{file} is there already: name another directory, or by step= say where to go on")
        out.mkdir(parents=True, exist_ok=True)
        self._measures, self._step = measures, step
        self._file: MetricsWriter | None = MetricsWriter(file, keep_to=step)
        self._began, self._lines = time.monotonic(), 0
        self._rooms: dict[str, int] = {}
        self._watch = AlarmEngine(None, self._rooms)  # which learns of them here
        self._said: set[str] = set()
        self._go_on(read_metrics(file))

    def _go_on(self, lines: list[dict[str, Any]]) -> None:
        """What was measured and raised before is known, and is not raised again."""
        for line in lines:
            if line["kind"] == "step":
                self._lines += 1
                self._rooms.update(line.get("rooms") or {})
                self._watch.see(line)
            elif line["kind"] == "alarm":
                self._said.add(line["name"])

    def start(self, model: nn.Module | None, about: Mapping[str, Any]) -> None:
        """The first line.

        Args:
            model: whose device it tells.
            about: how it is looked at.
        """
        parameter = None if model is None else next(model.parameters(), None)
        versions = {"eigenview": __version__, "torch": torch.__version__, "python": platform.python_version()}
        device = "cpu" if parameter is None else parameter.device.type
        self._write("start", time=time.time(), versions=versions, device=device, resumed_from=self._step, **about)

    def check(self, step: int, where: str, rows: Float[Tensor, "..."]) -> None:
        """Raises an alarm, once, if rows are not finite."""
        broken = ~torch.isfinite(rows).flatten(0, -2).all(1)
        if broken.any():
            self._alarm(
                step,
                Alarm(
                    "not finite",
                    f"at step {step}, {int(broken.sum())} of {len(broken)} rows are not finite in {where}, the first "
                    "place of those looked at",
                    "a smaller learning rate, gradient clipping, or float32 in that layer",
                ),
            )

    def measure(self, step: int, clouds: Mapping[str, Sample | None], problems: Mapping[str, str]) -> None:
        """A line with all measures of all clouds.

        Args:
            step: steps made.
            clouds: of features and embeddings; None where there are no rows.
            problems: why there are none.
        """
        values: dict[str, Any] = {listed.name: {} for listed in self._measures}
        missing: dict[str, dict[str, str]] = {}
        usable = {
            what: cloud for what, cloud in clouds.items() if cloud is not None and torch.isfinite(cloud.rows).all()
        }
        # Of the first measurement: later ones may be of fewer rows, but not of a layer with less room.
        rooms = {what: min(cloud.samples, cloud.rows.shape[1]) for what, cloud in usable.items()}
        new_rooms = {what: room for what, room in rooms.items() if what not in self._rooms}
        self._rooms.update(new_rooms)
        for what, cloud in clouds.items():
            shared: dict[Any, Any] = {}
            for listed in self._measures:
                if what in usable:
                    value, why = evaluate_measure(listed, usable[what], shared)
                else:
                    value, why = None, problems[what] if cloud is None else "its rows are not finite"
                values[listed.name][what] = value
                if why is not None:
                    missing.setdefault(listed.name, {})[what] = why
        rows = {what: 0 if cloud is None else len(cloud.rows) for what, cloud in clouds.items()}
        paired = {
            what: cloud.views
            for what, cloud in usable.items()
            if cloud.views is not None and min(cloud.views.shape[:2]) > 1
        }
        if paired:
            values["cosine"] = {what: asdict(pair_cosines(views)) for what, views in paired.items()}
        values["spread"] = {what: spread(cloud.rows.double()) for what, cloud in usable.items()}
        if self._spectra_due():
            values["spectrum"] = {what: spectrum_shares(spectrum(cloud.rows)) for what, cloud in usable.items()}
        self._lines += 1
        optional = {"rooms": new_rooms, "missing": missing}
        line = {**values, "rows": rows, **{name: value for name, value in optional.items() if value}}
        line = self._write("step", step=step, seconds=time.monotonic() - self._began, **line)
        self._say_missing(step, missing)
        for alarm in self._watch.see(line):
            self._alarm(step, alarm)

    def fail(self, step: int, error: Exception) -> None:
        """Says that a measurement failed in a way that nobody foresaw; the first time, with where."""
        first = "failed" not in self._said
        self._said.add("failed")
        logger.error("step %d: nothing was measured: %s: %s", step, type(error).__name__, error, exc_info=first)

    def end(self, step: int, outcome: str) -> None:
        """The last line; the file is closed."""
        try:
            self._write("end", step=step, seconds=time.monotonic() - self._began, outcome=outcome)
        finally:
            if self._file is not None:
                self._file.__exit__()
            self._file = None

    def _spectra_due(self) -> bool:
        """At every line of the first dozen, then at every second until twice as many, and so on."""
        return self._lines % 2 ** (self._lines // LINES_BETWEEN_THINNINGS).bit_length() == 0

    def _say_missing(self, step: int, missing: Mapping[str, Mapping[str, str]]) -> None:
        """Logs what is missing for the first time, together where it is for one reason."""
        new: dict[tuple[str, str], list[str]] = {}
        for name, reasons in missing.items():
            for what, why in reasons.items():
                if (key := f"{name} of {what}") not in self._said:
                    self._said.add(key)
                    new.setdefault((what, why), []).append(name)
        for (what, why), names in new.items():
            logger.warning("step %d: no %s of %s: %s", step, ", ".join(names), what, why)

    def _alarm(self, step: int, alarm: Alarm) -> None:
        if alarm.name in self._said:
            return
        self._said.add(alarm.name)
        self._write("alarm", step=step, name=alarm.name, evidence=alarm.evidence, advice=alarm.advice)
        logger.warning("%s: %s. What to do: %s", alarm.name, alarm.evidence, alarm.advice)

    def _write(self, kind: str, **values: Any) -> dict[str, Any]:
        """Writes a line; where that fails, such as on a full disk, training still goes on."""
        try:
            return self._file.write(kind, **values) if self._file is not None else {"kind": kind, **values}
        except OSError as error:
            logger.error("nothing more is written: %s", error)
            file, self._file = self._file, None
            with contextlib.suppress(OSError):
                file.__exit__()  # pyright: ignore[reportOptionalMemberAccess]
            return {"kind": kind, **values}
