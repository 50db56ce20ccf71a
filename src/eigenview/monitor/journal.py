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

import eigenview
from eigenview._errors import UsageError
from eigenview.measures import Listed, pair_cosines
from eigenview.monitor.alarm import Alarm
from eigenview.monitor.queue import Cloud
from eigenview.monitor.take import shares, take
from eigenview.monitor.watch import Watch
from eigenview.runs import MetricsWriter

logger = logging.getLogger("eigenview")

LINES_BETWEEN_THINNINGS = 12


class Journal:
    """The `metrics.jsonl` of a monitor, with the lines of a run of `eigenview train`.

    Args:
        out: its directory.
        measures: what is measured.
        step: steps made before; later lines of an earlier sitting are forgotten.

    Raises:
        UsageError: the directory holds something else.
    """

    def __init__(self, out: Path, measures: Sequence[Listed], step: int) -> None:
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
        self._watch: Watch | None = None
        self._said: set[str] = set()

    def start(self, model: nn.Module | None, about: Mapping[str, Any]) -> None:
        """The first line.

        Args:
            model: whose device it tells.
            about: how it is looked at.
        """
        parameter = None if model is None else next(model.parameters(), None)
        versions = {"eigenview": eigenview.__version__, "torch": torch.__version__, "python": platform.python_version()}
        device = "cpu" if parameter is None else parameter.device.type
        self._write("start", time=time.time(), versions=versions, device=device, resumed_from=self._step, **about)

    def check(self, step: int, where: str, rows: Float[Tensor, "..."]) -> None:
        """Raises an alarm, once, if rows are not finite."""
        broken = ~torch.isfinite(rows).flatten(0, -2).all(1)
        if broken.any() and "not finite" not in self._said:
            self._said.add("not finite")
            self._alarm(
                step,
                Alarm(
                    "not finite",
                    f"at step {step}, {int(broken.sum())} of {len(broken)} rows are not finite in {where}, the first "
                    "place of those looked at",
                    "a smaller learning rate, gradient clipping, or float32 in that layer",
                ),
            )

    def measure(self, step: int, clouds: Mapping[str, Cloud | None], problems: Mapping[str, str]) -> None:
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
        for what, cloud in clouds.items():
            shared: dict[Any, Any] = {}
            for listed in self._measures:
                if what in usable:
                    value, why = take(listed, usable[what], shared)
                else:
                    value, why = None, problems[what] if cloud is None else "its rows are not finite"
                values[listed.name][what] = value
                if why is not None:
                    missing.setdefault(listed.name, {})[what] = why
        rows = {what: 0 if cloud is None else len(cloud.rows) for what, cloud in clouds.items()}
        paired = {what: cloud.views for what, cloud in usable.items() if cloud.views is not None and cloud.samples > 1}
        if paired:
            values["cosine"] = {what: asdict(pair_cosines(views)) for what, views in paired.items()}
        if self._spectra_due():
            values["spectrum"] = {what: shares(cloud) for what, cloud in usable.items()}
        self._lines += 1
        line = {**values, "rows": rows, **({"missing": missing} if missing else {})}
        line = self._write("step", step=step, seconds=time.monotonic() - self._began, **line)
        for name, reasons in missing.items():
            for what, why in reasons.items():
                self._say_missing(step, name, what, why)
        for alarm in self._see(line, usable):
            self._alarm(step, alarm)

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

    def _see(self, line: Mapping[str, Any], usable: Mapping[str, Cloud]) -> list[Alarm]:
        """What `Watch` says of a line with the ranks it knows of."""
        ranks = {what: rank for what, rank in (line.get("effective_rank") or {}).items() if rank is not None}
        if self._watch is None and ranks:
            self._rooms = {what: min(usable[what].samples, usable[what].rows.shape[1]) for what in ranks}
            self._watch = Watch(None, self._rooms)
        if self._watch is None or set(ranks) != set(self._rooms):
            return []
        return self._watch.see(line)

    def _say_missing(self, step: int, name: str, what: str, why: str) -> None:
        if (key := f"{name} of {what}") not in self._said:
            self._said.add(key)
            logger.warning("step %d: no %s: %s", step, key, why)

    def _alarm(self, step: int, alarm: Alarm) -> None:
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
