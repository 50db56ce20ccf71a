"""From a recipe to a run."""

import contextlib
import math
from pathlib import Path

from rich.console import Console

from eigenview._errors import UsageError
from eigenview.alarms import find_rules
from eigenview.config import Recipe
from eigenview.data import Images, channel_statistics, open_dataset
from eigenview.report import retrieval_caption, retrieval_rows, write_page, zero_shot_words
from eigenview.runs import EndRecord, MetricsWriter, Run, probe_table
from eigenview.training.checkpointing import resume as resume_run
from eigenview.training.dry_run import dry_run
from eigenview.training.learner import Learner
from eigenview.training.loop import TrainingLoop
from eigenview.training.preparation import build_batches, build_vocabulary, settle_recipe
from eigenview.training.probing import evaluate
from eigenview.training.progress import Clock, show_probes, show_retrieval
from eigenview.training.retrieval_probing import probe_pairs
from eigenview.training.run_info import describe


def train(
    recipe: Recipe, out: str | Path, resume: bool = False, console: Console | None = None, report: bool = True
) -> str:
    """Trains an encoder on images without labels, or on images with captions, and leaves a run with its report.

    Args:
        recipe: describes the run; the size and precision that it leaves open are stored as they were chosen.
        out: directory of the run; it must not hold another run.
        resume: go on from the last checkpoint in `out`, bit for bit on a CPU; without a run there, start one.
        console: shows progress; by default nothing is shown.
        report: probe the features at the end, and write the page.

    Returns:
        The outcome: `finished`, `interrupted` (by SIGINT or SIGTERM, after saving a checkpoint) or `non-finite`.

    Raises:
        UsageError: the recipe, the data or the directory cannot be used; nothing has been written.
        OSError: a file could not be written; the last checkpoint is whole.
    """
    console, out = console or Console(quiet=True), Path(out)
    recipe.check_pairs()
    go_on = resume and (out / "recipe.yaml").exists()
    if not go_on:
        Run.check_free(out)
    images, test = open_dataset(recipe.data.train, recipe.data.test, recipe.data.captions, recipe.data.label)
    recipe = settle_recipe(recipe, images)
    if go_on and Run.open(out).recipe != recipe:
        raise UsageError(f"{out} holds a run of another recipe: resume it with the same options, or choose a new --out")
    batches = build_batches(recipe, images)
    t = recipe.training
    steps = t.steps if t.epochs is None else math.ceil(t.epochs * batches.steps_per_epoch)
    vocabulary = build_vocabulary(recipe, images, Run(out))
    learner = Learner(recipe, channel_statistics(images), steps, vocabulary)
    find_rules(t.alarms)  # which raises where it cannot be
    dry_run(learner)

    run = Run.open(out) if go_on else Run.create(out, recipe)
    if vocabulary is not None:
        vocabulary.save(run.vocabulary_file)
    step, seconds = resume_run(run, learner, images)
    console.print(_plan(learner, images, step), highlight=False, markup=False, soft_wrap=True)
    try:
        with MetricsWriter(run.metrics_file, keep_to=step) as metrics:
            loop = TrainingLoop(run, learner, images, metrics, console, step, Clock(seconds))
            metrics.write(describe(learner, images, test, resumed_from=step))
            outcome, trained = loop.fit(batches), loop.clock.seconds
            if outcome == "finished" and report:
                if recipe.of_pairs:
                    probe_pairs(learner, images, test, metrics, console)
                evaluate(run, learner, images, test, metrics, console)
                _show(console, run)
            metrics.write(EndRecord(loop.step, trained, outcome))
    except (Exception, KeyboardInterrupt):
        # A page of what there is helps, but a second failure must not hide the first.
        with contextlib.suppress(Exception):
            write_page(run.path)
        raise
    if report:
        write_page(run.path)
    return outcome


def _plan(learner: Learner, images: Images, step: int) -> str:
    """What is about to be trained, in a line, with the sizes that the recipe's name does not tell."""
    recipe, side = learner.recipe, learner.size
    if recipe.of_pairs:
        data, views = f"{len(images):,} image–text pairs", f"images of {side}×{side} pixels (data.size)"
    else:
        data, views = f"{len(images):,} images", f"K = {recipe.views.K} views of {side}×{side} pixels (data.size)"
    resumed = f", resumed from step {step:,}" if step else ""
    return (
        f"Training {recipe.objective.name} on {data} for {learner.steps:,} steps{resumed}: batch size "
        f"P = {recipe.training.P}, {views}, on {learner.fabric.device.type} in {learner.precision}"
    )


def _show(console: Console, run: Run) -> None:
    """Shows what the probes found."""
    history = run.history
    words = [words for words in (retrieval_caption(history), zero_shot_words(history)) if words]
    show_retrieval(console, retrieval_rows(history), words)
    show_probes(console, probe_table(history))
