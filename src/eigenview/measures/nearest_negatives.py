"""The nearest negative of each sample: which it is, how far it is, and the displacement from it."""

import math
from collections.abc import Iterator

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from eigenview.linalg import normalize, row_blocks
from eigenview.measures.alignment_uniformity import check_views
from eigenview.measures.spec import measure

_SIDE = 2896
"""Rows and columns of the largest tile of similarities, which takes 64 MiB."""


def nearest_negatives(z: Float[Tensor, "K P D"]) -> Int64[Tensor, "P"]:
    """For each sample's first view, which view of which other sample is most similar by cosine.

    Negatives are all K views of the other samples. The answer is k·P + p for view k of sample p: a row of
    `z.flatten(0, 1)`; modulo P it is the sample. Of equals the first is taken, so for collapsed embeddings the answer
    means nothing; a row of zeros has similarity 0 to all. Costs 2·K·P²·D operations in float64, and 256 MiB.

    Args:
        z: embeddings of at least two samples.

    Raises:
        ValueError: embeddings are not finite or are empty; fewer than two samples.

    Source: geometry, Prop. 3.1.
    """
    check_views(z, "a nearest negative", K=1, P=2)
    nearest = [_nearest_of(anchors, start, z) for start, anchors in _tiles(z[0])]
    return torch.cat(nearest)


def displacements(h: Float[Tensor, "K P d"], nearest: Int64[Tensor, "P"]) -> Float[Tensor, "P d"]:
    """From each sample's nearest negative to its second view: δh = h2 − h̃*, an estimate of the data's tangent plane.

    Zero where the two coincide. Costs a pass over the features; three [P, d] matrices.

    Args:
        h: features of K ≥ 2 views of each sample.
        nearest: rows of `h.flatten(0, 1)`, as `nearest_negatives(z)` gives them.

    Returns:
        In float32, or float64 for features in float64.

    Raises:
        ValueError: features are not finite; fewer than two views; a row in `nearest` does not exist.

    Source: geometry, Table 1 and Eq. 8.
    """
    check_views(h, "a displacement to second views")
    return _at_least_single(h[1]) - _at_least_single(_chosen(h, nearest))


def nearest_negative_distances(h: Float[Tensor, "K P d"], z: Float[Tensor, "K P D"]) -> Float64[Tensor, "P"]:
    """Distance in feature space from each sample's first view to its nearest negative in embedding space.

    In units of the root mean square distance to a random negative: 0 is a neighbour at the same place, 1 one that is
    no nearer than a random one. Features that are all the same give 0. The paper says "normalised" without saying by
    what: the unit is ours, and makes it independent of the features' scale. Costs what `nearest_negatives` does.

    Args:
        h: features of K views of at least two samples.
        z: embeddings of the same; h itself for neighbours in feature space.

    Returns:
        A distance a sample, as for the paper's histogram.

    Raises:
        ValueError: features or embeddings are not finite or are empty; fewer than two samples.

    Source: geometry, Fig. 5.
    """
    if z.shape[:2] != h.shape[:2]:
        raise ValueError(f"embeddings {[*z.shape]} and features {[*h.shape]} must be of the same views")
    nearest = nearest_negatives(z)
    mean_square = _mean_square_to_negatives(h)
    pairs = zip(row_blocks(h[0]), row_blocks(_chosen(h, nearest)), strict=True)
    distances = torch.cat([(anchor - negative).norm(dim=1) for anchor, negative in pairs])
    return distances / math.sqrt(mean_square) if mean_square else distances


@measure(
    needs="views",
    meaning="distance to the nearest other sample; 1 is as far as a random one",
    max_rows=10000,
    group="geometry",
)
def nearest_negative_distance(h: Float[Tensor, "K P d"], z: Float[Tensor, "K P D"] | None = None) -> float:
    """Mean distance in features to the nearest negative in embeddings, over that to a random one: 0 or more.

    Near 1 the embeddings' neighbours are not neighbours among features (or features are spread evenly in very many
    dimensions); near 0 features of neighbouring samples lie close together. Small augmentations are said to raise it.
    Features that are all the same give 0. Costs 2·K·P²·D operations in float64, and 256 MiB.

    Args:
        h: features of K views of at least two samples.
        z: embeddings of the same; by default neighbours are sought among the features.

    Raises:
        ValueError: features or embeddings are not finite or are empty; fewer than two samples.

    Source: geometry, Fig. 5 (mean of its histogram; the unit is ours).
    """
    return float(nearest_negative_distances(h, h if z is None else z).mean())


def _tiles(view: Float[Tensor, "P D"]) -> Iterator[tuple[int, Float64[Tensor, "n D"]]]:
    """Unit rows, some at a time, and the place of the first."""
    start = 0
    for block in row_blocks(view, "embeddings"):
        for tile in block.split(_SIDE):
            yield start, normalize(tile)
            start += len(tile)


def _nearest_of(anchors: Float64[Tensor, "n D"], start: int, z: Float[Tensor, "K P D"]) -> Int64[Tensor, "n"]:
    best = anchors.new_full((len(anchors),), -math.inf)
    where = torch.zeros(len(anchors), dtype=torch.int64, device=z.device)
    for k, view in enumerate(z):
        for first, others in _tiles(view):
            similarity = anchors @ others.mT
            # A view of the anchor's own sample is not a negative: a diagonal of the tile, if it is in it at all.
            similarity.diagonal(start - first).fill_(-math.inf)
            value, column = similarity.max(1)
            nearer = value > best
            best = value.where(nearer, best)
            where = (k * z.shape[1] + first + column).where(nearer, where)
    return where


def _chosen(h: Float[Tensor, "K P d"], rows: Int64[Tensor, "P"]) -> Float[Tensor, "P d"]:
    P = h.shape[1]
    if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < len(h) * P:
        raise ValueError(f"nearest must be rows 0 to {len(h) * P - 1} of h, not {rows.min()} to {rows.max()}")
    for view in h:
        for _ in row_blocks(view):
            pass  # Only to see that all is finite.
    # Not of a flattened h, which would copy what is not contiguous.
    return h.detach()[rows // P, rows % P]


def _mean_square_to_negatives(h: Float[Tensor, "K P d"]) -> float:
    """Mean of ‖h1_i − h_kj‖² over all i, k and j ≠ i."""
    K, P, _ = h.shape
    mean = torch.stack([block.sum(0) for view in h for block in row_blocks(view)]).sum(0) / (K * P)
    anchors = sum(float((block - mean).square().sum()) for block in row_blocks(h[0]))
    everything = own = 0.0
    for view in h:
        for anchor, block in zip(row_blocks(h[0]), row_blocks(view), strict=True):
            own += float((block - anchor).square().sum())
            everything += float((block - mean).square().sum())
    # Σ_i Σ_kj ‖a_i − b_kj‖² has no cross term −2 Σ a · Σ b: all rows together are centred.
    return max(K * P * anchors + P * everything - own, 0.0) / (K * P * (P - 1))


def _at_least_single(x: Tensor) -> Tensor:
    return x.detach().to(torch.promote_types(x.dtype, torch.float32))
