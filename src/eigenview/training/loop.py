"""The training loop: updates until the run's end, an interrupt, or a number that is not finite."""

from dataclasses import replace

from rich.console import Console

from eigenview.alarms import not_finite
from eigenview.data import Images, TrainingBatches
from eigenview.runs import MetricsWriter, Run, StepRecord
from eigenview.training.alarm_log import AlarmLog
from eigenview.training.checkpointing import save
from eigenview.training.learner import Learner, Update
from eigenview.training.nonfinite import first_nonfinite_weight, locate_nonfinite
from eigenview.training.preflight import preflight
from eigenview.training.progress import Clock, TrainingProgress
from eigenview.training.signals import Interrupt
from eigenview.training.step_metrics import MeasuredSteps, measure, measure_objective


class TrainingLoop:
    """Trains a run from where it stands, measuring and saving on the way.

    Args:
        run: gets checkpoints and pictures.
        learner: stands at `step`.
        images: the training data; files that turn out not to decode are listed in `skipped.txt`.
        metrics: gets measurements and alarms.
        console: shows progress and alarms.
        step: number of updates already made.
        clock: counts the seconds of training, with those of earlier parts of the run.
    """

    def __init__(
        self,
        run: Run,
        learner: Learner,
        images: Images,
        metrics: MetricsWriter,
        console: Console,
        step: int,
        clock: Clock,
    ) -> None:
        self.run, self.learner, self.images = run, learner, images
        self.metrics, self.console, self.step, self.clock = metrics, console, step, clock
        self.alarms = AlarmLog(run, learner, metrics, console)
        self.schedule = MeasuredSteps(learner.recipe.training.measure_every, learner.steps)

    def fit(self, batches: TrainingBatches) -> str:
        """Trains; returns the outcome: `finished`, `interrupted` or `non-finite`."""
        learner, t = self.learner, self.learner.recipe.training
        self._report_skipped()
        self.alarms.raise_missed()
        if self.step == 0:
            self.alarms.before_training()
        if self.step == learner.steps:
            return "finished"
        skipped_before = len(self.images.skipped)
        with Interrupt() as interrupt, TrainingProgress(self.console, learner.steps, self.step) as progress:
            for batch in batches.at(self.step):
                if self.step == 0:
                    preflight(self.run, learner, batch, self.alarms)
                update = learner.step(batch)
                if not update.finite:
                    return self._stop(update, locate_nonfinite(learner, batch))
                self.step += 1
                self.clock.count(t.P)
                progress.advance()
                last = self.step == learner.steps
                if self.schedule.due(self.step):
                    progress.measured(self._measure(update, self.step / batches.steps_per_epoch))
                if self.step % t.checkpoint_every == 0 or last or interrupt.requested:
                    broken = first_nonfinite_weight(learner)
                    if broken is not None:
                        return self._stop(update, f"in {broken}", weights=True)
                    save(self.run, learner, self.step, self.clock.seconds, self.images)
                if last or interrupt.requested:
                    break
        if len(self.images.skipped) > skipped_before:
            self._report_skipped()
        return "interrupted" if interrupt.requested else "finished"

    def _measure(self, update: Update, epoch: float) -> StepRecord:
        with_spectrum = self.schedule.with_spectrum(self.step)
        record = measure(self.step, update, self.learner.reference, with_spectrum)
        record = measure_objective(record, update, self.learner)
        record = replace(record, epoch=epoch, seconds=self.clock.seconds, images_per_s=self.clock.rate())
        written = self.metrics.write(record)
        self.alarms.update(written)
        return written

    def _stop(self, update: Update, where: str, weights: bool = False) -> str:
        newest = self.run.last_checkpoint
        kept = f"{newest.name} is kept" if newest else "there is no checkpoint yet"
        alarm = not_finite(self.step, update.loss, update.gradient_norm, weights, kept, where)
        self.alarms.raise_alarm(alarm, self.step)
        return "non-finite"

    def _report_skipped(self) -> None:
        """Lists the files that did not decode, and says how many there are."""
        skipped = self.images.skipped
        if not skipped:
            return
        listing = self.run.path / "skipped.txt"
        text = "".join(f"{file.name}\t{file.reason}\n" for file in skipped)
        listing.write_text(text, encoding="utf-8", errors="backslashreplace")
        words = f"{self.images.skipped_summary()}; all are in {listing}"
        self.console.print(words, soft_wrap=True, markup=False, highlight=False)
