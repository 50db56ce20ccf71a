"""`eigenview report`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from eigenview.cli.flags import flag
from eigenview.cli.paths import check_exists


@dataclass(frozen=True)
class Report:
    """Rebuild the report.html of a run, even while the run is training."""

    run_directory: Annotated[Path, tyro.conf.Positional, flag("RUN")]
    """Run directory, or the directory of a Monitor."""

    def run(self) -> int:
        """Writes the page, and prints where it is."""
        check_exists(self.run_directory)
        from eigenview.report import write_page
        from eigenview.runs import Run

        monitored = (self.run_directory / "metrics.jsonl").exists()
        run = Run(self.run_directory) if monitored else Run.open(self.run_directory)
        print(f"report: {write_page(run.path).resolve()}")
        if run.history.skipped:
            print(run.history.skipped_summary)
        return 0
