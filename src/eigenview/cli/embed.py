"""`eigenview embed`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from eigenview.cli.flags import flag
from eigenview.cli.paths import check_exists


@dataclass(frozen=True)
class Embed:
    """Embed images with a run's encoder, and write the features to a file."""

    run_directory: Annotated[Path, tyro.conf.Positional, flag("RUN")]
    """Run directory."""
    data: Annotated[str, tyro.conf.Positional, flag("DATA")]
    """Images: `digits`, a folder, Parquet files, tar shards, `hf:NAME`, or `module:function`."""
    out: Annotated[Path, flag("FILE")]
    """Output file: `.npy`, or `.safetensors` or `.parquet`, which keep names and labels beside the features."""
    split: Annotated[str, flag("NAME")] = "train"
    """Split of the data: `train`, `test` or `validation`."""

    def run(self) -> int:
        """Writes the file, and prints its number of rows."""
        check_exists(self.run_directory)
        from rich.console import Console

        from eigenview.runs import embed

        N, d_enc = embed(self.run_directory, self.data, self.out, split=self.split, console=Console(stderr=True))
        print(f"{self.out}: {N:,} × {d_enc} features")
        return 0
