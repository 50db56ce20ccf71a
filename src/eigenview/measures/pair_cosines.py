"""How alike views of a sample are, and how alike samples."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.linalg import normalize, view_blocks
from eigenview.measures.alignment_uniformity import check_views


@dataclass(frozen=True)
class PairCosines:
    """Mean cosines, each from −1 to 1.

    Args:
        views: of two views of one sample.
        samples: of views of two different samples.
    """

    views: float
    samples: float


def pair_cosines(z: Float[Tensor, "K P D"]) -> PairCosines:
    """The mean cosine of a sample's views, and of views of different samples.

    Alike views with unlike samples, high and low, are what contrast asks for: views at 1 are invariance, samples near 0
    fill the sphere. Samples at 1 are complete collapse; views no higher than samples, no invariance. Since the squared
    distance of unit rows is 2(1 − cosine), alignment is 2(1 − views). A row of zeros has a cosine of 0 with all.
    Costs one pass of time K·P·D, and 256 MiB.

    Args:
        z: at least two views of at least two samples.

    Raises:
        ValueError: rows that are not finite, or fewer views or samples.

    Source: Wang & Isola 2020, Sec. 4.1 (alignment).
    """
    check_views(z, "a mean over pairs", P=2)
    K, P, D = z.shape
    own_square = row_square = 0.0
    everything = torch.zeros(D, dtype=torch.float64, device=z.device)
    for block in view_blocks(z, "embeddings"):
        rows = normalize(block)
        own = rows.sum(0)
        everything += own.sum(0)
        own_square += float(own.square().sum())
        row_square += float(rows.square().sum())
    return PairCosines(
        views=(own_square - row_square) / (P * K * (K - 1)),
        samples=(float(everything.square().sum()) - own_square) / (P * (P - 1) * K**2),
    )
