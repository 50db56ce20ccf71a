"""`eigenview report`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro


@dataclass(frozen=True)
class Report:
    """Write a run's report.html again, also while it trains."""

    run_directory: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    """The run."""

    def run(self) -> int:
        """Writes the page, and says where it is."""
        from eigenview.report import write_page
        from eigenview.runs import Run

        print(f"report: {write_page(Run.open(self.run_directory).path).resolve()}")
        return 0
