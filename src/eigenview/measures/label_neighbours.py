"""Whether nearest neighbours share a sample's label. These need labels, so they are for reports, never for training."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from eigenview.measures.alignment_uniformity import unit_rows
from eigenview.measures.nearest_negatives import nearest_negatives


def label_neighbours(features: Float[Tensor, "N D"], labels: Int[Tensor, "M"], k: int = 1) -> float:
    """The share, in [0, 1], of samples' k nearest neighbours on the unit sphere that have the sample's label.

    1 is separate classes; features that are independent of labels are at Σ_c n_c(n_c − 1)/(N(N − 1)), 1/C for balanced
    classes. Ties between equal rows are broken arbitrarily. Costs N² products of rows, and a copy of the rows in
    float32, or in their float64.

    Args:
        features: one row for each sample; one view of each, or the views would be their own neighbours.
        labels: one a row.
        k: number of neighbours of each.

    Raises:
        ValueError: features are not finite, or not one a label; there are no more than k rows; k is below 1.

    Source: geometry, Sec. 4 and Fig. 6.
    """
    if len(features) != len(labels):
        raise ValueError(f"{len(features)} rows need one label each, not {len(labels)} labels")
    if not 1 <= k < len(features):
        raise ValueError(f"{k} neighbours of each sample need k ≥ 1 and more than k rows, not {len(features)}")
    # On unit rows the Euclidean order is the cosine's, and sklearn's fast path; without a query no row is its own.
    neighbours = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(unit_rows(features).cpu().numpy())
    found = torch.from_numpy(neighbours.kneighbors(return_distance=False))
    labels = labels.cpu()
    return float((labels[found] == labels[:, None]).double().mean())


@dataclass(frozen=True)
class LabelNegatives:
    """How often nearest negatives share the label, in [0, 1].

    Args:
        share: share of samples whose nearest negative has their label.
        chance: the same for a random negative.
    """

    share: float
    chance: float


def label_negatives(z: Float[Tensor, "K P D"], labels: Int[Tensor, "P"]) -> LabelNegatives:
    """Share of samples whose nearest negative in embedding space has their label, beside that of a random negative.

    High is a space where neighbours have the same meaning, so that δh = h2 − h̃* is a displacement within a class; at
    `chance` neighbours say nothing about labels, as they do in collapsed embeddings. Take it with fine and with coarse
    labels; it is said to rise in training, early with small augmentations and late with large ones. Costs what
    `nearest_negatives` does, 2·K·P²·D operations in float64.

    Args:
        z: embeddings of K views of at least two samples.
        labels: one a sample.

    Raises:
        ValueError: embeddings are not finite or are empty; fewer than two samples; not one label for each.

    Source: geometry, Fig. 6.
    """
    P = z.shape[1]
    if len(labels) != P:
        raise ValueError(f"{P} samples need one label each, not {len(labels)} labels")
    same = labels[nearest_negatives(z).to(labels.device) % P] == labels
    members = labels.unique(return_counts=True)[1].double()
    # Each sample has all views of the other members of its class among all views of the other samples.
    chance = (members * (members - 1)).sum() / (P * (P - 1))
    return LabelNegatives(float(same.double().mean()), float(chance))
