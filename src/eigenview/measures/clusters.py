"""How well clusters of features can be told apart, and in how many dimensions the features vary."""

import warnings
from math import isqrt

import numpy as np
import torch
from jaxtyping import Float
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import KNeighborsClassifier
from torch import Tensor

from eigenview.linalg import normalize, row_blocks
from eigenview.measures.intrinsic_dimension import two_nn


def clid(features: Float[Tensor, "N D"], seed: int = 0) -> float:
    """Cluster learnability plus intrinsic dimension, `cluster_learnability` + `two_nn`.

    Above 0; high is meant to be good: features that are expressive, and still easy to learn from. As it stands the
    dimension outweighs the learnability, which is 1 at most; Lu et al. first bring both to one scale over the models
    that they compare. To do so, take the two parts. What is degenerate for either is refused.

    Costs what the two cost.

    Args:
        features: a row a sample.
        seed: of the k-means and of which half is known.

    Raises:
        ValueError: as the two do.

    Source: Lu et al. 2023 (CLID).
    """
    return cluster_learnability(features, seed=seed) + two_nn(features)


def cluster_learnability(
    features: Float[Tensor, "N D"], clusters: int | None = None, neighbours: int = 1, seed: int = 0
) -> float:
    """Accuracy, in [0, 1], of nearest neighbours at telling the k-means clusters of unit rows.

    Half of the rows, drawn at random, are known; the other half are classified. High is features in clear groups, or
    on a thin manifold, or collapsed: rows that are all the same give 1. Low is a cloud without structure in many
    dimensions. Rows on a curve lose no more than about half a row at each border between clusters.

    Costs a k-means and N²D operations; 0.3 GiB and twice the rows in float32.

    Args:
        features: a row a sample; at least four. Only their directions count.
        clusters: of k-means; left out, the square root of N, rounded down.
        neighbours: that vote.
        seed: of the k-means and of which half is known.

    Raises:
        ValueError: features that are not finite, or too few; fewer than two clusters or more than rows; no neighbour
            or more than half of the rows.

    Source: Lu et al. 2023 (CLID), cluster learnability as the average validation accuracy.
    """
    N = len(features)
    if N < 4:
        raise ValueError(f"telling clusters apart needs at least 4 rows, not {N}")
    clusters = isqrt(N) if clusters is None else clusters
    if not 2 <= clusters <= N:
        raise ValueError(f"clusters must be between 2 and the {N} rows, not {clusters}")
    if not 1 <= neighbours <= N // 2:
        raise ValueError(f"neighbours must be between 1 and half of the {N} rows, not {neighbours}")
    rows = np.empty(features.shape, np.float32)
    start = 0
    for block in row_blocks(features):
        torch.from_numpy(rows[start : start + len(block)]).copy_(normalize(block))
        start += len(block)
    with warnings.catch_warnings():
        # Fewer distinct rows than clusters: then fewer clusters are told apart, which is no mistake.
        warnings.simplefilter("ignore", ConvergenceWarning)
        labels = KMeans(clusters, random_state=seed, copy_x=False).fit_predict(rows)
    order = np.random.default_rng(seed).permutation(N)
    known, asked = order[: N // 2], order[N // 2 :]
    classifier = KNeighborsClassifier(neighbours, algorithm="brute").fit(rows[known], labels[known])
    return float(classifier.score(rows[asked], labels[asked]))
