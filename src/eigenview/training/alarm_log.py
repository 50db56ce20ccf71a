"""The alarms of a run: each raised once, in its metrics and on the console."""

from jaxtyping import Float
from rich.console import Console
from torch import Tensor

from eigenview.alarms import Alarm, AlarmEngine, TrainingPlan
from eigenview.runs import AlarmRecord, MetricsWriter, Run, StepRecord
from eigenview.training.learner import Learner
from eigenview.training.progress import say_alarm


class AlarmLog:
    """Judges a run before it starts and at each measurement, and raises what is wrong with it.

    A resumed run goes on where it left off: alarms of earlier measurements are not raised again, and those that the run
    did not live to write down are raised by `raise_missed`.

    Args:
        run: its earlier measurements and alarms are read.
        learner: what is trained.
        metrics: gets a record for each alarm.
        console: where a person reads them.
    """

    def __init__(self, run: Run, learner: Learner, metrics: MetricsWriter, console: Console) -> None:
        self._learner, self._metrics, self._console = learner, metrics, console
        alarms = learner.recipe.training.alarms
        self._engine = AlarmEngine(learner.steps, learner.max_rank, learner.objective.min_temperature, alarms)
        self._missed = self._catch_up(run)

    def _catch_up(self, run: Run) -> list[tuple[int, Alarm]]:
        """Shows the engine earlier measurements; returns the alarms that were not written down, with their steps."""
        history = run.history
        if history.skipped:
            self._console.print(history.skipped_summary, soft_wrap=True, markup=False, highlight=False)
        written = {record.name for record in history.alarms}
        raised = [(record.step, alarm) for record in history.steps for alarm in self._engine.update(record)]
        return [(step, alarm) for step, alarm in raised if alarm.name not in written]

    def raise_missed(self) -> None:
        """Raises the alarms of earlier measurements that were not written down."""
        for step, alarm in self._missed:
            self.raise_alarm(alarm, step)
        self._missed = []

    def before_training(self) -> None:
        """Raises the alarms that recipe and objective alone give reason for."""
        recipe, learner = self._learner.recipe, self._learner
        policy = None if recipe.of_pairs else recipe.views.policy
        plan = TrainingPlan(learner.objective, learner.K, recipe.training.P, learner.D, policy)
        for alarm in self._engine.before(plan):
            self.raise_alarm(alarm, 0)

    def first_batch(self, views: Float[Tensor, "K P C S S"]) -> None:
        """Raises the alarms that the views of the first batch give reason for."""
        for alarm in self._engine.first_batch(views):
            self.raise_alarm(alarm, 0)

    def update(self, record: StepRecord) -> None:
        """Raises the new alarms of a measurement."""
        for alarm in self._engine.update(record):
            self.raise_alarm(alarm, record.step)

    def raise_alarm(self, alarm: Alarm, step: int) -> None:
        """Writes an alarm down and shows it."""
        self._metrics.write(AlarmRecord(step, alarm.name, alarm.evidence, alarm.advice))
        say_alarm(self._console, alarm)
