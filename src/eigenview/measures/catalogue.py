"""The measures that are taken together: by the monitor, by `eigenview inspect` and in comparisons of runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor

from eigenview.measures.alignment_uniformity import alignment, centroid_norm, uniformity
from eigenview.measures.alpha_req import alpha_req
from eigenview.measures.centroids import excess_percent_error, percent_error
from eigenview.measures.clusters import clid, cluster_learnability
from eigenview.measures.coherence import coherence
from eigenview.measures.entropies import log_det_entropy
from eigenview.measures.information import reconstruction
from eigenview.measures.intrinsic_dimension import local_dimension, two_nn
from eigenview.measures.lidar import lidar
from eigenview.measures.manifolds import manifold_capacity
from eigenview.measures.negatives import nearest_negative_distance
from eigenview.measures.self_clustering import self_clustering
from eigenview.measures.spectra import (
    condition_number,
    effective_rank,
    nesum,
    numerical_rank,
    participation_ratio,
    stable_rank,
)
from eigenview.measures.spectral_cache import SpectralCache


@dataclass(frozen=True)
class MeasureSpec:
    """A measure, and how its value is read.

    Args:
        function: the measure, one number of features or embeddings.
        needs: `rows`, any matrix [N, D]; or `views`, which rows are views of which sample: [K, P, D] with K > 1.
        better: which end is the good one, if one is: `high`, `low` or `neither`.
        meaning: what it says, in a line for a table, without its value.
        most_rows: more rows, or samples where it needs views, than that are drawn from, since its cost grows with their
            square; None where it streams.
        references: from K, N and D to its values on `collapsed` and `isotropic` clouds (of views: `collapsed`,
            `unrelated` and `ideal` ones), where a formula has them; else they are measured.
        shares: makes of the rows what the function takes in their place, and shares with others that take the same.
    """

    function: Callable[..., float]
    needs: Literal["rows", "views"]
    better: Literal["high", "low", "neither"]
    meaning: str
    most_rows: int | None = None
    references: Callable[[int, int, int], dict[str, float]] | None = None
    shares: Callable[[Tensor], Any] | None = None

    @property
    def name(self) -> str:
        """The function's own."""
        return self.function.__name__

    def of(self, x: Tensor, shared: dict[Any, Any]) -> Any:
        """The measure of x.

        Args:
            x: what it needs.
            shared: what the measures of the same rows share, filled here.
        """
        if self.shares is None:
            return self.function(x)
        key = (self.shares, x.shape)
        if key not in shared:
            shared[key] = self.shares(x)
        return self.function(shared[key])


CATALOGUE: tuple[MeasureSpec, ...] = (
    MeasureSpec(
        effective_rank,
        "rows",
        "high",
        "directions that features fill; low is dimensional collapse",
        shares=SpectralCache,
    ),
    MeasureSpec(
        stable_rank,
        "rows",
        "high",
        "directions as strong as the strongest; weak ones hardly count",
        shares=SpectralCache,
    ),
    MeasureSpec(participation_ratio, "rows", "high", "directions that share the variance", shares=SpectralCache),
    MeasureSpec(nesum, "rows", "high", "variance in units of its strongest direction's", shares=SpectralCache),
    MeasureSpec(
        numerical_rank, "rows", "high", "directions at least 1% as strong as the strongest", shares=SpectralCache
    ),
    MeasureSpec(
        alpha_req, "rows", "neither", "decay of the spectrum; often near 1 if good, 0 is flat", shares=SpectralCache
    ),
    MeasureSpec(
        condition_number, "rows", "low", "strongest over weakest direction; 1e7 is singular", shares=SpectralCache
    ),
    MeasureSpec(
        coherence,
        "rows",
        "low",
        "1 is samples that share directions; high is some with their own",
        shares=SpectralCache,
    ),
    MeasureSpec(uniformity, "rows", "low", "0 is collapse, near -4 is even on the sphere", most_rows=10_000),
    MeasureSpec(
        alignment, "views", "low", "squared distance of two views; 0 is invariant or collapsed, 2 is unrelated"
    ),
    MeasureSpec(centroid_norm, "views", "high", "1 is invariant or collapsed; unrelated views are at 1/√K"),
    MeasureSpec(lidar, "views", "high", "directions that tell samples apart, in units of what augmentation moves"),
    MeasureSpec(percent_error, "views", "low", "how far centroids are from the most that MMCR can reach"),
    MeasureSpec(
        excess_percent_error, "views", "low", "percent error above that of uniform embeddings; high is collapse"
    ),
    MeasureSpec(
        nearest_negative_distance, "views", "neither", "nearest other sample, 1 as far as a random one", 10_000
    ),
    MeasureSpec(self_clustering, "rows", "low", "excess alignment of rows: 0 uniform, 1 collapsed to a line"),
    MeasureSpec(two_nn, "rows", "neither", "dimensions near each row, by two neighbours", most_rows=10_000),
    MeasureSpec(local_dimension, "rows", "neither", "dimensions near each row, by twenty neighbours", most_rows=10_000),
    MeasureSpec(
        cluster_learnability, "rows", "neither", "accuracy at k-means clusters; collapse gives 1", most_rows=5_000
    ),
    MeasureSpec(clid, "rows", "high", "that accuracy plus the dimension by two neighbours", most_rows=5_000),
    MeasureSpec(
        log_det_entropy,
        "rows",
        "high",
        "entropy if normal, nats, less a constant; grows with scale",
        shares=SpectralCache,
    ),
    MeasureSpec(
        manifold_capacity, "views", "high", "samples parted a dimension, with all views; points: 2", most_rows=16
    ),
    MeasureSpec(reconstruction, "views", "neither", "how well views foretell each other, in nats; falls with scale"),
)
"""All of them, in the order in which a table shows them."""

ESSENTIAL = ("effective_rank", "rank_at", "uniformity", "alignment", "lidar", "clid")
"""The few that a table shows unless it is asked for all: how many directions, how even, how invariant, and both."""

RECOMMENDED: dict[tuple[str, str], Literal["high", "low"]] = {
    ("cluster_learnability", "features"): "low",
    ("nearest_negative_distance", "features"): "high",
    ("local_dimension", "features"): "high",
}
"""The measures, of what, by which several runs are ranked, and which end went with accuracy."""

WHY_RECOMMENDED = "of 36 small CIFAR-10 runs these agreed best with a linear probe: see benchmarks/label_free.md"
"""The reason, in a line."""
