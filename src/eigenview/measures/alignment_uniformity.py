"""How close the views of a sample are (alignment), and how evenly all rows cover the sphere (uniformity)."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.linalg import log_mean_gaussian_kernel, normalize, row_blocks, view_blocks
from eigenview.measures.spec import measure


@dataclass(frozen=True)
class PairCosines:
    """Mean cosines, each in [−1, 1].

    Args:
        views: of two views of one sample.
        samples: of views of two different samples.
    """

    views: float
    samples: float


@measure(
    needs="views",
    direction="low",
    meaning="squared distance of two views of a sample: 0 is invariant or collapsed, 2 is unrelated",
    group="views",
    essential=True,
)
def alignment(z: Float[Tensor, "K P D"]) -> float:
    """Mean squared distance of two views of a sample on the unit sphere, over pairs of views: E‖x − x⁺‖², in [0, 4].

    0 is full invariance, which complete collapse reaches too; independent views are at 2; 4 is opposite views. Read it
    beside `uniformity`. A zero view stays zero, at distance 1 from any other. Costs one pass.

    Args:
        z: views of samples, two at least; features or embeddings.

    Raises:
        ValueError: z is not finite; fewer than two views, or no sample.

    Source: Wang & Isola 2020, Sec. 4.1 (α = 2).
    """
    check_views(z, "alignment")
    K, P, _ = z.shape
    # Σ over pairs of squared distances is K times that from the centroid: no digits are lost where views are close.
    return 2 / (K - 1) / P * sum(float((x - x.mean(0)).square().sum()) for x in map(normalize, view_blocks(z)))


@measure(
    needs="views",
    direction="high",
    meaning="length of samples' centroids: 1 is invariant or collapsed, 1/√K is K unrelated views",
    group="views",
)
def centroid_norm(z: Float[Tensor, "K P D"]) -> float:
    """Mean length of the samples' centroids, of views on the unit sphere; in [0, 1].

    1 is full invariance, which complete collapse reaches too; K independent views in many dimensions are at 1/√K; 0 is
    views that cancel, or are zero. Costs one pass.

    Args:
        z: views of samples, two at least; features or embeddings.

    Raises:
        ValueError: z is not finite; fewer than two views, or no sample.

    Source: mmcr, Fig. 7 (which shows its complement).
    """
    check_views(z, "the norm of centroids")
    return sum(float(x.mean(0).norm(dim=1).sum()) for x in map(normalize, view_blocks(z))) / z.shape[1]


def pair_cosines(z: Float[Tensor, "K P D"]) -> PairCosines:
    """The mean cosine of a sample's views, and of views of different samples.

    Contrastive learning raises `views` and lowers `samples`: views at 1 are full invariance, samples near 0 fill the
    sphere. Samples at 1 are complete collapse; views no higher than samples, no invariance. Since the squared distance
    of unit rows is 2(1 − cosine), `alignment` is 2(1 − views). A row of zeros has a cosine of 0 with all.
    Costs one pass of time K·P·D, and 256 MiB.

    Args:
        z: at least two views of at least two samples; features or embeddings.

    Raises:
        ValueError: z is not finite; fewer than two views or samples.

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


@measure(
    direction="low",
    meaning="how evenly rows cover the sphere: 0 is collapse, near -4 is uniform",
    max_rows=10_000,
    group="geometry",
    essential=True,
)
def uniformity(z: Float[Tensor, "N D"]) -> float:
    """How evenly rows cover the unit sphere: log E exp(−2‖x − y‖²) over pairs of rows, in [−8, 0].

    0 is complete collapse; low is even. Uniform rows in many dimensions are near −4 + 8/D; the corners of a simplex
    reach −4N/(N − 1), the least. A zero row stays zero. Costs N² products of rows, and three copies of the rows, in
    float32 or in z's float64.

    Args:
        z: rows, two at least. Rows that are views of one sample count as a pair like any other: for the paper's value
            take one view, z[0].

    Raises:
        ValueError: z is not finite; fewer than two rows.

    Source: Wang & Isola 2020, Sec. 4.1 (t = 2).
    """
    return float(log_mean_gaussian_kernel(unit_rows(z)))


def unit_rows(x: Float[Tensor, "N D"]) -> Float[Tensor, "N D"]:
    """Rows on the unit sphere, in float32 or in x's float64, normalised some at a time.

    Raises:
        ValueError: x is not finite.
    """
    rows = torch.empty(x.shape, dtype=torch.float64 if x.dtype == torch.float64 else torch.float32, device=x.device)
    start = 0
    for block in row_blocks(x):
        rows[start : start + len(block)] = normalize(block)
        start += len(block)
    return rows


def check_views(z: Tensor, what: str, K: int = 2, P: int = 1) -> None:
    """Checks that z has enough views and samples.

    Args:
        z: views of samples.
        what: what needs them, for the error.
        K: the fewest views of each sample.
        P: the fewest samples.

    Raises:
        ValueError: there are fewer, or z does not say whose views its rows are.
    """
    if z.ndim != 3:
        raise ValueError(f"{what} needs [K, P, D], which says whose views rows are, not {[*z.shape]}")
    if z.shape[0] < K:
        raise ValueError(f"{what} needs [K, P, D] with at least {K} views of each sample, not {z.shape[0]}")
    if z.shape[1] < P:
        raise ValueError(f"{what} needs [K, P, D] with at least {P} samples, not {z.shape[1]}")
