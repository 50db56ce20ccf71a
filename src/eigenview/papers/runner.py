"""Running experiments one after the other, from where an earlier reproduction stopped."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from eigenview.nets import default_device
from eigenview.papers.experiment import Experiment, Scale
from eigenview.papers.page import write_page
from eigenview.papers.progress import ReproductionProgress
from eigenview.papers.records import Record, read_record
from eigenview.papers.run_cache import RunCache
from eigenview.papers.writer import write_record


@dataclass(frozen=True)
class RunSummary:
    """The result of a reproduction.

    Args:
        records: the records of the experiments that ran, now or earlier.
        failed: the exceptions that other experiments raised, by their path.
    """

    records: list[Record]
    failed: dict[str, Exception]


def reproduce(
    experiments: tuple[Experiment, ...], scale: Scale, out: Path, again: bool = False, console: Console | None = None
) -> RunSummary:
    """Runs experiments that have not run at this scale yet, and writes a record of each and one page of all.

    Runs that an experiment trains are kept in `OUT/runs`: other experiments reuse them, and an interrupted
    reproduction resumes them. One of several experiments that fails does not stop the others.

    Args:
        experiments: the experiments to run.
        scale: the scale to run them at.
        out: the directory to write to; each experiment has the folder `PAPER/EXPERIMENT` in it.
        again: also run experiments that have already run at this scale.
        console: the console that shows progress; none by default.

    Raises:
        Exception: what a single experiment raised.
    """
    earlier = {} if again else {each.path: read_record(out, each) for each in experiments}
    records = {path: record for path, record in earlier.items() if record is not None and record.scale == scale}
    waiting, failed = [each for each in experiments if each.path not in records], {}
    with ReproductionProgress(console or Console(quiet=True), waiting, scale) as progress:
        # Processes start slowly: they are not worth it for runs of seconds.
        workers = 1 if scale == "smoke" or default_device().type == "cuda" else os.cpu_count() or 1
        runs = RunCache(out / "runs", workers, again, progress.report)
        for each in waiting:
            progress.start(each)
            try:
                records[each.path] = _run(each, scale, out, runs)
            except Exception as error:
                if len(experiments) == 1:
                    raise
                failed[each.path] = error
    write_page(out)
    return RunSummary([records[each.path] for each in experiments if each.path in records], failed)


def _run(experiment: Experiment, scale: Scale, out: Path, runs: RunCache) -> Record:
    begin, reused_before = time.perf_counter(), runs.seconds_reused
    outcome = experiment.run(scale, runs)
    reused = (runs.seconds_reused - reused_before) / runs.workers  # so that a resumed experiment counts it all
    record = write_record(out, experiment, scale, outcome, time.perf_counter() - begin + reused)
    # After each, so that finished experiments can be read even if the next is interrupted.
    write_page(out)
    return record
