"""`eigenview reproduce`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from eigenview._errors import UsageError


@dataclass(frozen=True)
class Reproduce:
    """Run the papers' experiments, and say of each claim whether it holds; alone, list them and their last verdicts.

    Experiments that were run at the same scale are not run again; one that was interrupted goes on with what it had
    trained. Real pictures come from $EIGENVIEW_DATA, or public sets where there is a network.
    """

    selection: Annotated[
        str | None, tyro.conf.Positional, tyro.conf.arg(metavar="[all|PAPER[/EXPERIMENT]]", help_behavior_hint="")
    ] = None
    """Which."""
    scale: Literal["smoke", "cpu", "gpu"] = "cpu"
    """Seconds each, minutes each on two cores, or the paper's own setting."""
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path("reproduced")
    """Where figures, tables, claims and their page are."""
    again: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Also run what was run at this scale."""
    results: Annotated[Path | None, tyro.conf.arg(metavar="FILE.md")] = None
    """Also write all of DIR as one Markdown file of claims, with figures beside it."""

    def run(self) -> int:
        """Prints verdicts, and says where the page is."""
        from rich.console import Console

        from eigenview.papers import EXPERIMENTS, chosen, record_of, reproduce, write_results
        from eigenview.papers.listing import listed, verdicts
        from eigenview.plotting import table_console

        if self.selection is None:
            table_console().print(listed(EXPERIMENTS, {each.path: record_of(self.out, each) for each in EXPERIMENTS}))
            return 0
        err = Console(stderr=True)
        walk = reproduce(chosen(self.selection), self.scale, self.out, self.again, err)
        table_console().print(verdicts(walk.records))
        if self.results is not None:
            write_results(self.out, self.results)
            err.print(f"results: {self.results.resolve()}", highlight=False, markup=False, soft_wrap=True)
        page = (self.out / "index.html").resolve()
        err.print(f"page: {page}", highlight=False, markup=False, soft_wrap=True)
        for path, error in walk.failed.items():
            kind = "" if isinstance(error, UsageError) else f"{type(error).__name__}: "
            err.print(f"not run: {path}: {kind}{error}", highlight=False, markup=False, soft_wrap=True)
        return 1 if walk.failed else 0
