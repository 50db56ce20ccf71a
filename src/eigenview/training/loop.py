"""From a recipe to a run."""

import math
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.console import Console

from eigenview._errors import UsageError
from eigenview.data import Images, TrainingBatch, TrainingBatches, channel_statistics, open_dataset
from eigenview.monitor import Alarm, Watch, alarms_before, not_finite
from eigenview.objectives import Reference
from eigenview.report import views_picture, write_page
from eigenview.runs import Checkpoint, MetricsWriter, Recipe, Run, load_checkpoint, save_checkpoint
from eigenview.training.describe import describe
from eigenview.training.evaluate import evaluate
from eigenview.training.interrupt import Interrupt
from eigenview.training.learner import Learner, Update
from eigenview.training.measure import measure
from eigenview.training.progress import Clock, TrainingProgress, say_alarm
from eigenview.views import crop_photo

SPECTRA_IN_A_RUN = 24
LARGEST_NATIVE_SIDE = 64


def train(recipe: Recipe, out: str | Path, resume: bool = False, console: Console | None = None) -> str:
    """Trains an encoder on images without labels, and leaves a run directory with a report.

    Args:
        recipe: all that describes the run.
        out: the run's directory; it must not hold another run.
        resume: go on from the directory's last checkpoint, bit for bit on a CPU; where there is no run yet, start one.
        console: where to show progress; by default nothing is shown.

    Returns:
        The outcome: `finished`, `interrupted` (by SIGINT or SIGTERM, after a checkpoint) or `not finite`.

    Raises:
        UsageError: something in the recipe, the data or the directory cannot be; nothing was written then.
        OSError: a file could not be written; the last checkpoint is whole.
    """
    console, out = console or Console(quiet=True), Path(out)
    go_on = resume and (out / "recipe.yaml").exists()
    if not go_on:
        Run.check_free(out)
    images, test = open_dataset(recipe.data.train, recipe.data.test)
    recipe = replace(recipe, data=replace(recipe.data, size=_view_side(recipe, images)))
    if go_on and Run.open(out).recipe != recipe:
        raise UsageError(f"{out} was made from another recipe: resume it with the same options, or name a new --out")
    batches = _training_batches(recipe, images)
    t = recipe.training
    steps = t.steps if t.epochs is None else math.ceil(t.epochs * batches.steps_per_epoch)
    learner = Learner(recipe, channel_statistics(images), steps)
    learner.objective.check_shape(recipe.views.K, t.P)
    reference = learner.objective.reference(recipe.views.K, t.P, learner.D)

    run = Run.open(out) if go_on else Run.create(out, recipe)
    step, seconds = _restore(run, learner)
    metrics = MetricsWriter(run.metrics_file, keep_to=step)
    session = _Session(run, learner, reference, metrics, console, step, Clock(seconds))
    try:
        metrics.write("start", **describe(learner, reference, images, test), resumed_from=step)
        session.say_skipped(images)
        outcome = session.update(batches)
        session.say_skipped(images)
        if outcome == "finished":
            evaluate(run, learner, images, test, metrics, console)
        metrics.write("end", step=session.step, seconds=session.clock.seconds, outcome=outcome)
    finally:
        metrics.close()
        write_page(run.path)
    return outcome


def _training_batches(recipe: Recipe, images: Images) -> TrainingBatches:
    """The batches of a recipe: whole images where they share one size, else K crops of each, made in workers."""
    t, v = recipe.training, recipe.views
    crop = partial(crop_photo, policy=v.policy, size=recipe.data.size, views=v.K)
    return TrainingBatches(images, t.P, t.seed, crop=crop, workers=recipe.data.workers)


def _view_side(recipe: Recipe, images: Images) -> int:
    """Side of a view in pixels: what the recipe says, else the images' own where they share one that is small."""
    native = min(images.size) if images.size else LARGEST_NATIVE_SIDE
    return recipe.data.size or min(native, LARGEST_NATIVE_SIDE)


def _restore(run: Run, learner: Learner) -> tuple[int, float]:
    """Brings the learner to the run's last checkpoint: its step, and the seconds trained until then."""
    newest = run.last_checkpoint
    if newest is None:
        return 0, 0.0
    checkpoint = load_checkpoint(newest)
    learner.restore(checkpoint.weights, checkpoint.state)
    return checkpoint.step, checkpoint.state["seconds"]


class _Session:
    """The updates of one sitting, and what is written between them."""

    def __init__(
        self,
        run: Run,
        learner: Learner,
        reference: Reference,
        metrics: MetricsWriter,
        console: Console,
        step: int,
        clock: Clock,
    ) -> None:
        self.run, self.learner, self.reference, self.metrics = run, learner, reference, metrics
        self.console, self.step, self.clock = console, step, clock
        self._watch = Watch(learner.steps)
        for line in run.metrics:
            if line["kind"] == "step":
                self._watch.see(line, learner.D)

    def update(self, batches: TrainingBatches) -> str:
        """Updates until the last step, an interrupt or a number that is not finite; returns the outcome."""
        learner, t = self.learner, self.learner.recipe.training
        if self.step == 0:
            for alarm in alarms_before(learner.objective, t.P, learner.D):
                self._raise(alarm)
        with Interrupt() as interrupt, TrainingProgress(self.console, learner.steps, self.step) as progress:
            if self.step == learner.steps:
                return "finished"
            for batch in batches.at(self.step):
                if self.step == 0:
                    self._picture(batch)
                update = learner.step(batch)
                if not update.finite:
                    self._raise(not_finite(self.step, update.loss, update.gradient_norm, self._kept()))
                    return "not finite"
                self.step += 1
                self.clock.count(t.P)
                progress.advance()
                last = self.step == learner.steps
                if self.step % t.measure_every == 0 or last:
                    progress.measured(self._measure(update, batch.epoch))
                if self.step % t.checkpoint_every == 0 or last or interrupt.requested:
                    self._save()
                if last:
                    return "finished"
                if interrupt.requested:
                    return "interrupted"
        raise AssertionError("batches are endless")

    def say_skipped(self, images: Images) -> None:
        """Lists the files that did not decode."""
        if not images.skipped:
            return
        listing = self.run.path / "skipped.txt"
        listing.write_text("".join(f"{skipped.name}\t{skipped.reason}\n" for skipped in images.skipped))
        self.console.print(f"skipped {len(images.skipped)} files that did not decode: {listing}", soft_wrap=True)

    def _measure(self, update: Update, epoch: int) -> dict:
        lines = math.ceil(self.learner.steps / self.learner.recipe.training.measure_every)
        number = self.step // self.learner.recipe.training.measure_every
        with_spectrum = number % max(1, lines // SPECTRA_IN_A_RUN) == 0 or self.step == self.learner.steps
        values = measure(update, self.reference, with_spectrum)
        line = self.metrics.write(
            "step", step=self.step, epoch=epoch, seconds=self.clock.seconds, images_per_s=self.clock.rate(), **values
        )
        for alarm in self._watch.see(line, self.learner.D):
            self._raise(alarm)
        return line

    def _raise(self, alarm: Alarm) -> None:
        self.metrics.write("alarm", step=self.step, name=alarm.name, evidence=alarm.evidence, advice=alarm.advice)
        say_alarm(self.console, alarm)

    def _save(self) -> None:
        state = {"seconds": self.clock.seconds, **self.learner.state()}
        save_checkpoint(self.run.checkpoints, Checkpoint(self.step, self.learner.model.state_dict(), state))

    def _kept(self) -> str:
        newest = self.run.last_checkpoint
        return f"{newest.name} is kept" if newest else "there is no checkpoint yet"

    def _picture(self, batch: TrainingBatch) -> None:
        views = self.learner.views(batch)[:, :8].cpu()
        views_picture(views, None if batch.cropped else batch.images[:8], self.run.pictures / "views.png")
