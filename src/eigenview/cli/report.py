"""`eigenview report`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro


@dataclass(frozen=True)
class Report:
    """Write a run's report.html again, also while it trains."""

    run_directory: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    """The run, or the directory that a Monitor wrote to."""

    def run(self) -> int:
        """Writes the page, and says where it is."""
        from eigenview.report import write_page
        from eigenview.runs import Run

        monitored = (self.run_directory / "metrics.jsonl").exists()
        run = Run(self.run_directory) if monitored else Run.open(self.run_directory)
        print(f"report: {write_page(run.path).resolve()}")
        return 0
