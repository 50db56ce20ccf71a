"""From a recipe to a run."""

import contextlib
import math
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.console import Console

from eigenview._errors import UsageError
from eigenview.config import Recipe
from eigenview.data import Images, TrainingBatches, channel_statistics, open_dataset
from eigenview.nets import Vocabulary
from eigenview.report import retrieval_caption, retrieval_rows, write_page, zero_shot_words
from eigenview.runs import MetricsWriter, Run, load_checkpoint, probe_table
from eigenview.training.learner import Learner
from eigenview.training.loop import TrainingLoop
from eigenview.training.precision import choose_device, choose_precision
from eigenview.training.probing import evaluate
from eigenview.training.progress import Clock, show_probes, show_retrieval
from eigenview.training.retrieval_probing import probe_pairs
from eigenview.training.run_info import describe
from eigenview.views import crop_photo

LARGEST_NATIVE_SIDE = 64


def train(
    recipe: Recipe, out: str | Path, resume: bool = False, console: Console | None = None, report: bool = True
) -> str:
    """Trains an encoder on images without labels, or on images and their captions, and leaves a run with a report.

    Args:
        recipe: all that describes the run; what it leaves to be found out (size, precision) is stored as it was found.
        out: the run's directory; it must not hold another run.
        resume: go on from the directory's last checkpoint, bit for bit on a CPU; where there is no run yet, start one.
        console: where to show progress; by default nothing is shown.
        report: whether to probe the features at the end, and to write the page.

    Returns:
        The outcome: `finished`, `interrupted` (by SIGINT or SIGTERM, after a checkpoint) or `non-finite`.

    Raises:
        UsageError: something in the recipe, the data or the directory cannot be; nothing was written then.
        OSError: a file could not be written; the last checkpoint is whole.
    """
    console, out = console or Console(quiet=True), Path(out)
    recipe.check_pairs()
    go_on = resume and (out / "recipe.yaml").exists()
    if not go_on:
        Run.check_free(out)
    images, test = open_dataset(recipe.data.train, recipe.data.test, recipe.data.captions, recipe.data.label)
    recipe = _settled(recipe, images)
    if go_on and Run.open(out).recipe != recipe:
        raise UsageError(f"{out} was made from another recipe: resume it with the same options, or name a new --out")
    batches = _training_batches(recipe, images)
    t = recipe.training
    steps = t.steps if t.epochs is None else math.ceil(t.epochs * batches.steps_per_epoch)
    vocabulary = _vocabulary(recipe, images, Run(out))
    learner = Learner(recipe, channel_statistics(images), steps, vocabulary)
    learner.dry_run()

    run = Run.open(out) if go_on else Run.create(out, recipe)
    if vocabulary is not None:
        vocabulary.save(run.vocabulary_file)
    step, seconds = _restore(run, learner, images)
    console.print(_plan(learner, images), highlight=False, markup=False, soft_wrap=True)
    try:
        with MetricsWriter(run.metrics_file, keep_to=step) as metrics:
            session = TrainingLoop(run, learner, images, metrics, console, step, Clock(seconds))
            metrics.write("start", **describe(learner, images, test), resumed_from=step)
            outcome, trained = session.update(batches), session.clock.seconds
            if outcome == "finished" and report:
                if recipe.of_pairs:
                    probe_pairs(learner, images, test, metrics, console)
                evaluate(run, learner, images, test, metrics, console)
                _show(console, run)
            metrics.write("end", step=session.step, seconds=trained, outcome=outcome)
    except (Exception, KeyboardInterrupt):
        # A page of what there is helps, but a second failure must not hide the first.
        with contextlib.suppress(Exception):
            write_page(run.path)
        raise
    if report:
        write_page(run.path)
    return outcome


def _vocabulary(recipe: Recipe, images: Images, run: Run) -> Vocabulary | None:
    """The vocabulary of the training captions: the run's, if it has one already."""
    if images.captions is None:
        return None
    if run.vocabulary_file.exists():
        return Vocabulary.load(run.vocabulary_file)
    texts = (text for said in images.captions for text in said)
    return Vocabulary.of(texts, recipe.text.vocabulary, recipe.text.context)


def _plan(learner: Learner, images: Images) -> str:
    """What is about to happen, in a line: with the sizes that a recipe's name does not tell."""
    r, side = learner.recipe, learner.size
    if r.of_pairs:
        return (
            f"{r.objective.name} on {len(images):,} image–text pairs: {learner.steps:,} steps of P = {r.training.P} "
            f"with images of {side}×{side} (data.size), on {learner.fabric.device.type} in {learner.precision}"
        )
    return (
        f"{r.objective.name} on {len(images):,} images: {learner.steps:,} steps of P = {r.training.P} samples with "
        f"K = {r.views.K} views of {side}×{side} (data.size), on {learner.fabric.device.type} in {learner.precision}"
    )


def _show(console: Console, run: Run) -> None:
    """What the probes found."""
    lines = run.metrics
    show_retrieval(
        console, retrieval_rows(lines), [words for words in (retrieval_caption(lines), zero_shot_words(lines)) if words]
    )
    show_probes(console, probe_table(lines))


def _settled(recipe: Recipe, images: Images) -> Recipe:
    """The recipe with what it left open: so a run goes on as it began, whatever the machine."""
    native = min(images.size) if images.size else LARGEST_NATIVE_SIDE
    size = recipe.data.size or max(4, min(native, LARGEST_NATIVE_SIDE))
    t = recipe.training
    precision = choose_precision(t.precision, choose_device(t.device))
    return replace(recipe, data=replace(recipe.data, size=size), training=replace(t, precision=precision))


def _training_batches(recipe: Recipe, images: Images) -> TrainingBatches:
    """The batches of a recipe: whole images where they share one size, else K crops of each, made in workers."""
    t, v = recipe.training, recipe.views
    assert recipe.data.size is not None
    crop = partial(crop_photo, policy=v.policy, size=recipe.data.size, views=v.K)
    return TrainingBatches(images, t.P, t.seed, crop=crop, workers=recipe.data.workers)


def _restore(run: Run, learner: Learner, images: Images) -> tuple[int, float]:
    """Brings the learner to the run's last checkpoint: its step, and the seconds trained until then."""
    newest = run.last_checkpoint
    if newest is None:
        return 0, 0.0
    checkpoint = load_checkpoint(newest)
    if checkpoint.state["images"] != len(images):
        raise UsageError(
            f"{run.path} was trained on {checkpoint.state['images']} images and there are {len(images)} now: "
            "bring back the data it began with, or start anew in another --out"
        )
    learner.restore(checkpoint.weights, checkpoint.state)
    return checkpoint.step, checkpoint.state["seconds"]
