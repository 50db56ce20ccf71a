"""Neural collapse of features within their classes. It needs labels, so it is for reports, never for training."""

import torch
from jaxtyping import Float, Float64, Int
from torch import Tensor

from eigenview.linalg import row_blocks


def label_neural_collapse(features: Float[Tensor, "N D"], labels: Int[Tensor, "M"]) -> float:
    """Neural collapse NC1, Tr(Σ_W Σ_B†)/C: variance within classes in units of that between their means; 0 or more.

    0 is every sample at its class's mean; high is classes that overlap. Σ_W is the mean over samples, Σ_B that over the
    C classes of their means about the mean of means, which has rank C − 1 at most; directions in which means differ by
    less than 1e-7 of the most are not counted. Costs two passes, and the SVD of a C × D matrix.

    Args:
        features: one row for each sample.
        labels: one a row, of at least two classes.

    Raises:
        ValueError: features are not finite, or not one a label; fewer than two classes, or all have the same mean.

    Source: Papyan, Han & Donoho 2020, NC1.
    """
    if len(features) != len(labels):
        raise ValueError(f"{len(features)} rows need one label each, not {len(labels)} labels")
    names, of, counts = labels.to(features.device).unique(return_inverse=True, return_counts=True)
    C = len(names)
    if C < 2:
        raise ValueError(f"neural collapse needs labels of at least two classes, not {C}")
    # Relative to one of the rows, so that equal rows have equal means and a distant mean costs no precision.
    origin = features[0].detach().double()
    means = _class_means(features, origin, of, counts)
    _, spreads, directions = torch.linalg.svd(means - means.mean(0), full_matrices=False)
    kept = spreads[: C - 1] > 1e-7 * spreads[0]
    if not kept.any():
        raise ValueError(f"neural collapse needs classes that differ, but the means of all {C} classes are equal")
    # Σ_B† = C·Σ vvᵀ/s², over the directions v in which means differ by s: no D × D matrix is needed.
    whiten = directions[: C - 1][kept].mT / spreads[: C - 1][kept]
    start, total = 0, 0.0
    for rows in row_blocks(features):
        total += float(((rows - origin - means[of[start : start + len(rows)]]) @ whiten).square().sum())
        start += len(rows)
    return total / len(features)


def _class_means(
    features: Float[Tensor, "N D"], origin: Float64[Tensor, "D"], of: Int[Tensor, "N"], counts: Int[Tensor, "C"]
) -> Float64[Tensor, "C D"]:
    means = features.new_zeros(len(counts), features.shape[1], dtype=torch.float64)
    start = 0
    for rows in row_blocks(features):
        means.index_add_(0, of[start : start + len(rows)], rows - origin)
        start += len(rows)
    return means / counts[:, None]
