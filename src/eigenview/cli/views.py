"""`eigenview views`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro


@dataclass(frozen=True)
class Views:
    """Draw a picture of the views of eight images, to see what a policy does before training on it."""

    source: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="[DATA]")] = "digits"
    """`digits`, a folder of images, Parquet files, tar shards, or `hf:NAME`."""
    policy: Annotated[str, tyro.conf.arg(metavar="NAME")] = "large"
    """`identity`, `small`, `moderate` or `large`."""
    strength: Annotated[float, tyro.conf.arg(metavar="FLOAT")] = 1.0
    """How strong views are: 0 changes nothing, 1 is the policy itself."""
    K: Annotated[int, tyro.conf.arg(metavar="INT")] = 8
    """Views of each image."""
    size: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None
    """Side of a view in pixels."""
    seed: Annotated[int, tyro.conf.arg(metavar="INT")] = 0
    """Of the draw."""
    out: Annotated[Path, tyro.conf.arg(metavar="FILE")] = Path("views.png")
    """The picture."""

    def run(self) -> int:
        """Draws the picture, and says where it is."""
        from eigenview.report import draw_views
        from eigenview.views.policy import ViewPolicy

        policy = ViewPolicy.from_name(self.policy).scaled(self.strength)
        draw_views(self.source, policy, self.K, self.size, self.seed, self.out)
        print(f"views: {self.out.resolve()}")
        return 0
