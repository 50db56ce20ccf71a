"""The updates of one sitting, and what is written between them."""

import math
from typing import Any

from rich.console import Console

from eigenview.alarms import Alarm, AlarmEngine, alarms_before, alarms_of_drawn_views, alarms_of_views, not_finite
from eigenview.data import Images, TrainingBatch, TrainingBatches
from eigenview.plotting import views_picture
from eigenview.runs import Checkpoint, MetricsWriter, Run, save_checkpoint
from eigenview.training.learner import Learner, Update
from eigenview.training.progress import Clock, TrainingProgress, say_alarm
from eigenview.training.signals import Interrupt
from eigenview.training.step_metrics import measure, measure_objective

SPECTRA_IN_A_RUN = 24
PICTURED = 8


class TrainingLoop:
    """A run from where it stands to its end, an interrupt, or a number that is not finite.

    Args:
        run: where checkpoints and pictures go.
        learner: brought to `step`.
        images: what it is trained on; those that turn out not to decode are listed.
        metrics: where measurements and alarms go.
        console: where a person sees them.
        step: updates already made.
        clock: seconds already trained.
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
        self._watch = AlarmEngine(learner.steps, learner.rooms, getattr(learner.objective, "min_temperature", None))
        self._unsaid = self._catch_up()

    def _catch_up(self) -> list[tuple[int, Alarm]]:
        """Shows the watch what was measured before; returns alarms that the run did not live to write down."""
        lines = self.run.metrics
        said = {line["name"] for line in lines if line["kind"] == "alarm"}
        seen = [(line["step"], alarm) for line in lines if line["kind"] == "step" for alarm in self._watch.see(line)]
        return [(step, alarm) for step, alarm in seen if alarm.name not in said]

    def update(self, batches: TrainingBatches) -> str:
        """Updates; returns the outcome: `finished`, `interrupted` or `non-finite`."""
        learner, t = self.learner, self.learner.recipe.training
        self._say_skipped()
        for step, alarm in self._unsaid:
            self._raise(alarm, step)
        v = learner.recipe.views
        of_views = [] if learner.recipe.of_pairs else alarms_of_views(v.K, v.policy)
        if self.step == 0:
            for alarm in alarms_before(learner.objective, t.P, learner.D) + of_views:
                self._raise(alarm)
        if self.step == learner.steps:
            return "finished"
        known_broken = len(self.images.skipped)
        with Interrupt() as interrupt, TrainingProgress(self.console, learner.steps, self.step) as progress:
            for batch in batches.at(self.step):
                if self.step == 0:
                    self._look_at_views(batch, judge=not of_views)
                update = learner.step(batch)
                if not update.finite:
                    return self._stop(update, learner.where_not_finite(batch))
                self.step += 1
                self.clock.count(t.P)
                progress.advance()
                last = self.step == learner.steps
                if self.step % t.measure_every == 0 or self.step == 1 or last:
                    progress.measured(self._measure(update, self.step / batches.steps_per_epoch))
                if self.step % t.checkpoint_every == 0 or last or interrupt.requested:
                    broken = learner.first_nonfinite_weight()
                    if broken is not None:
                        return self._stop(update, f"in {broken}", weights=True)
                    self._save()
                if last or interrupt.requested:
                    break
        if len(self.images.skipped) > known_broken:
            self._say_skipped()
        return "interrupted" if interrupt.requested else "finished"

    def _measure(self, update: Update, epoch: float) -> dict[str, Any]:
        every = self.learner.recipe.training.measure_every
        thinned = every * max(1, math.ceil(self.learner.steps / every) // SPECTRA_IN_A_RUN)
        with_spectrum = self.step % thinned == 0 or self.step in (1, self.learner.steps)
        values = measure(update, self.learner.reference, with_spectrum) | measure_objective(update, self.learner)
        line = self.metrics.write(
            "step", step=self.step, epoch=epoch, seconds=self.clock.seconds, images_per_s=self.clock.rate(), **values
        )
        for alarm in self._watch.see(line):
            self._raise(alarm)
        return line

    def _stop(self, update: Update, where: str, weights: bool = False) -> str:
        newest = self.run.last_checkpoint
        kept = f"{newest.name} is kept" if newest else "there is no checkpoint yet"
        self._raise(not_finite(self.step, update.loss, update.gradient_norm, weights, kept, where))
        return "non-finite"

    def _raise(self, alarm: Alarm, step: int | None = None) -> None:
        step = self.step if step is None else step
        self.metrics.write("alarm", step=step, name=alarm.name, evidence=alarm.evidence, advice=alarm.advice)
        say_alarm(self.console, alarm)

    def _save(self) -> None:
        state = {"seconds": self.clock.seconds, "images": len(self.images), **self.learner.state()}
        checkpoint = Checkpoint(self.step, self.learner.model.state_dict(), state)
        save_checkpoint(self.run.checkpoints, checkpoint, keep=self.learner.recipe.training.checkpoints_kept)

    def _look_at_views(self, batch: TrainingBatch, judge: bool) -> None:
        """Pictures some of the first views, and says whether there is anything to learn from them."""
        drawn = self.learner.views(batch)
        for alarm in alarms_of_drawn_views(drawn) if judge else []:
            self._raise(alarm)
        views = drawn[:, :PICTURED].cpu()
        views_picture(views, None if batch.cropped else batch.images[:PICTURED], self.run.pictures / "views.png")

    def _say_skipped(self) -> None:
        """Lists the files that did not decode."""
        skipped = self.images.skipped
        if not skipped:
            return
        listing = self.run.path / "skipped.txt"
        text = "".join(f"{file.name}\t{file.reason}\n" for file in skipped)
        listing.write_text(text, encoding="utf-8", errors="backslashreplace")
        words = f"{self.images.skipped_summary()}; all are in {listing}"
        self.console.print(words, soft_wrap=True, markup=False, highlight=False)
