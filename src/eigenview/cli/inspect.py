"""`eigenview inspect`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import tyro

from eigenview.cli.flags import Maybe, flag
from eigenview.cli.paths import Paths, check_exists


@dataclass(frozen=True)
class Inspect:
    """Measure the features of a run or of a file, without labels.

    For one input, a table shows each measure with its value and a verdict. Several inputs are ranked by the measures
    that correlated best with probe accuracy in our study; if the runs have probe results, the correlations over these
    runs are printed too. In a file with several arrays, `features` is read, or else `embeddings`.
    """

    letters: ClassVar[dict[str, str]] = {"P": "images", "K": "views"}

    sources: Annotated[Paths, tyro.conf.Positional, flag("FEATURES|RUN ...")]
    """Runs, or files of features [N, D] or [K, P, D]: .npy, .npz, .safetensors, .parquet, or .pt (weights only)."""
    json: Annotated[bool, tyro.conf.FlagCreatePairsOff, flag("")] = False
    """Print JSON of all measures instead of tables."""
    all: Annotated[bool, tyro.conf.FlagCreatePairsOff, flag("")] = False
    """Show all measures, not only the essential ones."""
    plot: Annotated[Maybe[Path], flag("FILE")] = None
    """Also plot spectra and the similarity of views: `.png`, `.svg` or `.pdf`."""
    data: Annotated[Maybe[str], flag("DATA")] = None
    """Images used to evaluate runs; default: each run's training images."""
    images: Annotated[int, flag("INT")] = 1000
    """Number of images used to evaluate each run."""
    views: Annotated[Maybe[int], flag("INT")] = None
    """Number of views of each image; default: as many as in training, but at least 4."""
    seed: Annotated[int, flag("INT")] = 0
    """Seed for sampling images, views and rows."""

    def run(self) -> int:
        """Prints the tables, and where the figure is."""
        for source in self.sources:
            check_exists(source)
        import json

        from rich.console import Console

        from eigenview.inspect import as_json, inspect, plot, show
        from eigenview.plotting import check_figure_path, table_console

        err = Console(stderr=True)
        if self.plot is not None:
            check_figure_path(self.plot)
        found = inspect(self.sources, self.data, self.images, self.views, self.seed, err, every=self.all or self.json)
        if self.json:
            print(json.dumps(as_json(found), indent=1, allow_nan=False))
        else:
            show(found, table_console())
        if self.plot is not None:
            plot(found, self.plot)
            err.print(f"plot: {self.plot.resolve()}", highlight=False, markup=False, soft_wrap=True)
        return 0
