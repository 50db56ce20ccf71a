"""`eigenview reproduce`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from eigenview._errors import UsageError
from eigenview.cli.flags import Maybe, flag


@dataclass(frozen=True)
class Reproduce:
    """Run the experiments of the papers, and print a verdict on each claim.

    Without a selection, the command lists the experiments and their last verdicts. An experiment that has already run
    at the same scale is skipped, and an interrupted experiment continues. Real images come from the folder
    $EIGENVIEW_DATA, or from public data sets, which are downloaded.
    """

    selection: Annotated[
        Maybe[str],
        tyro.conf.Positional,
        tyro.conf.arg(metavar="[all|PAPER[/EXPERIMENT]|MODULE:EXPERIMENT]", help_behavior_hint=""),
    ] = None
    """Experiments to run: `all`, PAPER, PAPER/EXPERIMENT, or MODULE:EXPERIMENT for your own."""
    scale: Annotated[Literal["smoke", "cpu", "gpu"], flag("smoke|cpu|gpu")] = "cpu"
    """Scale of an experiment: seconds (smoke), minutes on two cores (cpu), or the paper's own setting (gpu)."""
    out: Annotated[Path, flag("DIR")] = Path("reproduced")
    """Output directory for figures, tables, claims and an index page."""
    again: Annotated[bool, tyro.conf.FlagCreatePairsOff, flag("")] = False
    """Run experiments again even if they have already run at this scale."""
    results: Annotated[Maybe[Path], flag("FILE.md")] = None
    """Also write all claims in --out to a Markdown file, with the figures beside it."""

    def run(self) -> int:
        """Prints the verdicts, or the list of experiments, and says where the page is."""
        from rich.console import Console

        from eigenview.papers import EXPERIMENTS, read_record, select_experiments
        from eigenview.papers.listing import experiment_table, verdict_table
        from eigenview.plotting import table_console

        console = table_console()
        if self.selection is None:
            records = {each.path: read_record(self.out, each) for each in EXPERIMENTS}
            console.print(experiment_table(EXPERIMENTS, records))
            return 0
        experiments = select_experiments(self.selection)

        from eigenview.papers import reproduce, write_results  # only now: they import torch

        err = Console(stderr=True)
        summary = reproduce(experiments, self.scale, self.out, self.again, err)
        console.print(verdict_table(summary.records))
        if self.results is not None:
            write_results(self.out, self.results)
            err.print(f"results: {self.results.resolve()}", highlight=False, markup=False, soft_wrap=True)
        page = (self.out / "index.html").resolve()
        err.print(f"page: {page}", highlight=False, markup=False, soft_wrap=True)
        for path, error in summary.failed.items():
            kind = "" if isinstance(error, UsageError) else f"{type(error).__name__}: "
            err.print(f"failed: {path}: {kind}{error}", highlight=False, markup=False, soft_wrap=True)
        return 1 if summary.failed else 0
