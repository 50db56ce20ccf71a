"""`eigenview embed`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro


@dataclass(frozen=True)
class Embed:
    """Write the features of images, by a run's encoder, for use elsewhere."""

    run_directory: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    """The run."""
    data: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="DATA")]
    """`digits`, a folder of images, Parquet files, tar shards, or `hf:NAME`."""
    out: Annotated[Path, tyro.conf.arg(metavar="FILE")]
    """`.npy`, `.safetensors` or `.parquet`: by its ending; the last two keep names and labels beside the features."""
    split: Annotated[str, tyro.conf.arg(metavar="NAME")] = "train"
    """Which split of the data, where it has more than one: `train`, `test` or `validation`."""

    def run(self) -> int:
        """Writes the file, and says how many rows it has."""
        from rich.console import Console

        from eigenview.runs import embed

        N, d_enc = embed(self.run_directory, self.data, self.out, split=self.split, console=Console(stderr=True))
        print(f"{self.out}: {N:,} × {d_enc} features")
        return 0
