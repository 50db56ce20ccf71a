"""`eigenview views`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import tyro

from eigenview.cli.flags import Maybe, flag


@dataclass(frozen=True)
class Views:
    """Save a grid of augmented views of eight images, to preview a view policy."""

    letters: ClassVar[dict[str, str]] = {"K": "views"}

    source: Annotated[str, tyro.conf.Positional, flag("[DATA]")] = "digits"
    """Images: `digits`, a folder, Parquet files, tar shards, `hf:NAME`, or `module:function`."""
    policy: Annotated[str, flag("NAME")] = "large"
    """View policy: `identity`, `small`, `moderate` or `large`."""
    strength: Annotated[float, flag("FLOAT")] = 1.0
    """Augmentation strength: 0 is none, 1 is the policy's own."""
    views: Annotated[int, flag("INT")] = 8
    """Number of views of each image."""
    size: Annotated[Maybe[int], flag("INT")] = None
    """View size in pixels; default: the images' own size if they share one, else 128."""
    seed: Annotated[int, flag("INT")] = 0
    """Random seed."""
    out: Annotated[Path, flag("FILE")] = Path("views.png")
    """Output file."""

    def run(self) -> int:
        """Saves the grid, and prints where it is."""
        from eigenview.report import draw_views
        from eigenview.views.policy import ViewPolicy

        policy = ViewPolicy.from_name(self.policy).scaled(self.strength)
        draw_views(self.source, policy, self.views, self.size, self.seed, self.out)
        print(f"views: {self.out.resolve()}")
        return 0
