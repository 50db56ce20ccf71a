"""The alarms of a run: each raised once, in its metrics and on the console."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from eigenview.alarms import Alarm, AlarmEngine
from eigenview.runs import MetricsWriter, Run
from eigenview.training.learner import Learner
from eigenview.training.progress import say_alarm


class AlarmLog:
    """Judges each measurement of a run, and raises what is wrong with it.

    A resumed run goes on where it left off: alarms of earlier measurements are not raised again, and those that the run
    did not live to write down are raised by `raise_missed`.

    Args:
        run: its earlier measurements and alarms are read.
        learner: what is trained.
        metrics: gets a line for each alarm.
        console: where a person reads them.
    """

    def __init__(self, run: Run, learner: Learner, metrics: MetricsWriter, console: Console) -> None:
        self._metrics, self._console = metrics, console
        self._engine = AlarmEngine(learner.steps, learner.max_rank, learner.objective.min_temperature)
        self._missed = self._catch_up(run)

    def _catch_up(self, run: Run) -> list[tuple[int, Alarm]]:
        """Shows the engine earlier measurements; returns the alarms that were not written down, with their steps."""
        lines = run.metrics
        said = {line["name"] for line in lines if line["kind"] == "alarm"}
        seen = [(line["step"], alarm) for line in lines if line["kind"] == "step" for alarm in self._engine.see(line)]
        return [(step, alarm) for step, alarm in seen if alarm.name not in said]

    def raise_missed(self) -> None:
        """Raises the alarms of earlier measurements that were not written down."""
        for step, alarm in self._missed:
            self.raise_alarm(alarm, step)
        self._missed = []

    def update(self, line: Mapping[str, Any]) -> None:
        """Raises the new alarms of a step's line of the metrics."""
        for alarm in self._engine.see(line):
            self.raise_alarm(alarm, line["step"])

    def raise_alarm(self, alarm: Alarm, step: int) -> None:
        """Writes an alarm down and shows it."""
        self._metrics.write("alarm", step=step, name=alarm.name, evidence=alarm.evidence, advice=alarm.advice)
        say_alarm(self._console, alarm)
