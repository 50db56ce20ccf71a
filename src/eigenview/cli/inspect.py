"""`eigenview inspect`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from eigenview._errors import UsageError


@dataclass(frozen=True)
class Inspect:
    """Measure, without labels, what features are worth: a run's, or anyone's in a file.

    One input gives a table: each measure's value, whether that is good, and between which ends. Several are ranked by
    the measures that agreed best with probes elsewhere; where probes were run on them, it says how well each agrees.
    """

    sources: Annotated[
        tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="FEATURES|RUN ...", help_behavior_hint="")
    ]
    """Runs, or files of features [N, D] or [K, P, D]: .npy, .npz, .safetensors, .parquet, .pt (weights only). Of
    several arrays in a file, `features`, else `embeddings`."""
    json: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Print JSON, of all measures, instead of tables."""
    all: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Show all measures, not only the essential ones."""
    plot: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Also draw spectra, and how alike views are: `.png`, `.svg` or `.pdf`."""
    data: Annotated[str | None, tyro.conf.arg(metavar="DATA")] = None
    """Images to see runs with; by default those that each was trained on."""
    P: Annotated[int, tyro.conf.arg(metavar="INT")] = 1000
    """Images that a run is seen with."""
    K: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None
    """Views of each; by default as many as in training, at least 4."""
    seed: Annotated[int, tyro.conf.arg(metavar="INT")] = 0
    """Of images, views and rows that are drawn."""

    def run(self) -> int:
        """Prints what was found, and says where the figure is."""
        # Before torch is imported, which takes seconds.
        missing = next((source for source in self.sources if not source.exists()), None)
        if missing is not None:
            raise UsageError(f"{missing}: there is no such file or run")
        import json

        from rich.console import Console

        from eigenview.inspect import as_json, inspect, plot, show
        from eigenview.plotting import check_figure_path, table_console

        err = Console(stderr=True)
        if self.plot is not None:
            check_figure_path(self.plot)
        found = inspect(self.sources, self.data, self.P, self.K, self.seed, err, every=self.all or self.json)
        if self.json:
            print(json.dumps(as_json(found), indent=1, allow_nan=False))
        else:
            show(found, table_console())
        if self.plot is not None:
            plot(found, self.plot)
            err.print(f"plot: {self.plot.resolve()}", highlight=False, markup=False, soft_wrap=True)
        return 0
