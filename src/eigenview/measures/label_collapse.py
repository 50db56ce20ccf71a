"""How features gather by label. These need labels, so they are for reports, never for training."""

import torch
from jaxtyping import Float, Float64, Int
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from eigenview.linalg import row_blocks
from eigenview.measures.alignment_uniformity import unit_rows


def label_neural_collapse(features: Float[Tensor, "N D"], labels: Int[Tensor, "M"]) -> float:
    """Neural collapse NC1, Tr(Σ_W Σ_B†)/C: variance within classes in units of that between their means; 0 or more.

    0 is every sample at its class's mean; high is classes that overlap. Σ_W is the mean over samples, Σ_B that over the
    C classes of their means about the mean of means, which has rank C − 1 at most; directions in which means differ by
    less than 1e-7 of the most are not counted. Costs two passes, and the SVD of a C × D matrix.

    Args:
        features: a row a sample.
        labels: theirs, of at least two classes.

    Raises:
        ValueError: features that are not finite, or not one a label; fewer than two classes, or all at one mean.

    Source: Papyan, Han & Donoho 2020, NC1.
    """
    _check(features, labels)
    names, of, counts = labels.to(features.device).unique(return_inverse=True, return_counts=True)
    C = len(names)
    if C < 2:
        raise ValueError(f"neural collapse needs labels of at least two classes, not {C}")
    # Seen from one of the rows, so that equal rows leave equal means, and a far origin takes no digits.
    origin = features[0].detach().double()
    means = _class_means(features, origin, of, counts)
    _, spreads, directions = torch.linalg.svd(means - means.mean(0), full_matrices=False)
    kept = spreads[: C - 1] > 1e-7 * spreads[0]
    if not kept.any():
        raise ValueError(f"neural collapse needs classes that differ, and the means of all {C} are equal")
    # Σ_B† = C·Σ vvᵀ/s², over the directions v in which means differ by s: no D × D matrix is needed.
    whiten = directions[: C - 1][kept].mT / spreads[: C - 1][kept]
    start, total = 0, 0.0
    for rows in row_blocks(features):
        total += float(((rows - origin - means[of[start : start + len(rows)]]) @ whiten).square().sum())
        start += len(rows)
    return total / len(features)


def label_neighbours(features: Float[Tensor, "N D"], labels: Int[Tensor, "M"], k: int = 1) -> float:
    """The share, in [0, 1], of samples' k nearest neighbours on the unit sphere that have the sample's label.

    1 is classes apart; features that know nothing of labels are at Σ_c n_c(n_c − 1)/(N(N − 1)), 1/C for balanced
    classes. Between equal rows any may be the nearest. Costs N² products of rows, and a copy of the rows in float32,
    or in their float64.

    Args:
        features: a row a sample; one view of each, or the views would be their own neighbours.
        labels: theirs.
        k: neighbours of each.

    Raises:
        ValueError: features that are not finite, or not one a label; no more than k rows; a k below 1.

    Source: geometry, Sec. 4 and Fig. 6.
    """
    _check(features, labels)
    if not 1 <= k < len(features):
        raise ValueError(f"{k} neighbours of each sample need k ≥ 1 and more than k rows, not {len(features)}")
    # On unit rows the Euclidean order is the cosine's, and sklearn's fast path; without a query no row is its own.
    neighbours = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(unit_rows(features).cpu().numpy())
    found = torch.from_numpy(neighbours.kneighbors(return_distance=False))
    labels = labels.cpu()
    return float((labels[found] == labels[:, None]).double().mean())


def _check(features: Float[Tensor, "N D"], labels: Int[Tensor, "M"]) -> None:
    if len(features) != len(labels):
        raise ValueError(f"there must be a label a row, and there are {len(labels)} for {len(features)}")


def _class_means(
    features: Float[Tensor, "N D"], origin: Float64[Tensor, "D"], of: Int[Tensor, "N"], counts: Int[Tensor, "C"]
) -> Float64[Tensor, "C D"]:
    means = features.new_zeros(len(counts), features.shape[1], dtype=torch.float64)
    start = 0
    for rows in row_blocks(features):
        means.index_add_(0, of[start : start + len(rows)], rows - origin)
        start += len(rows)
    return means / counts[:, None]
