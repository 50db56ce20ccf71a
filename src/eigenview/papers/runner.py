"""Running experiments one after the other, going on where an earlier run stopped."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import Progress

from eigenview.papers.catalogue import Experiment
from eigenview.papers.outcome import Scale
from eigenview.papers.page import write_page
from eigenview.papers.records import Record, record_of, write_record
from eigenview.papers.run_cache import RunCache


@dataclass(frozen=True)
class RunSummary:
    """What became of experiments.

    Args:
        records: of those that are done.
        failed: what others raised, by their path.
    """

    records: list[Record]
    failed: dict[str, Exception]


def reproduce(
    experiments: tuple[Experiment, ...], scale: Scale, out: Path, again: bool = False, console: Console | None = None
) -> RunSummary:
    """Runs experiments that have not been run at this scale, and writes each one's record and one page of all.

    What is trained for one of them is kept beside them in `runs`, for others and for going on after an interrupt. Of
    several, one that cannot be run does not keep the others from it.

    Args:
        experiments: which.
        scale: at which.
        out: directory to write to; one experiment has `PAPER/EXPERIMENT` in it.
        again: run those, too, that were run at this scale.
        console: where to show progress.

    Raises:
        Exception: of a single experiment, what it raised.
    """
    console = console or Console(quiet=True)
    found, failed = [], {}
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=len(experiments))
        # Processes start slowly: not worth it for runs of seconds.
        workers = 1 if scale == "smoke" or torch.cuda.is_available() else os.cpu_count() or 1
        name = ""
        trainer = RunCache(
            out / "runs", workers, again, lambda words: progress.update(task, description=f"{name}: {words}")
        )
        for each in experiments:
            name = f"{each.path}, about {each.cost[scale]}"
            progress.update(task, description=name)
            there = record_of(out, each)
            if again or there is None or there.scale != scale:
                try:
                    there = _run(each, scale, out, trainer)
                except Exception as error:
                    if len(experiments) == 1:
                        raise
                    failed[each.path] = error
            if each.path not in failed:
                found.append(there)
            progress.advance(task)
    write_page(out)
    return RunSummary(found, failed)


def _run(experiment: Experiment, scale: Scale, out: Path, trainer: RunCache) -> Record:
    begin, found_before = time.perf_counter(), trainer.found
    outcome = experiment.run(scale, trainer)
    earlier = (trainer.found - found_before) / trainer.workers  # so that going on after an interrupt counts it all
    record = write_record(out, experiment, scale, outcome, time.perf_counter() - begin + earlier)
    # After each, so that what is done can be looked at, also if the next is interrupted.
    write_page(out)
    return record
