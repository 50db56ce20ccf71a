"""CLID: how well k-means clusters of features can be told apart, plus the features' intrinsic dimension."""

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
from eigenview.measures.spec import measure


@measure(
    direction="high",
    meaning="cluster learnability plus intrinsic dimension (TwoNN)",
    max_rows=5000,
    group="geometry",
    essential=True,
)
def clid(features: Float[Tensor, "N D"], seed: int = 0) -> float:
    """Cluster learnability plus intrinsic dimension, `cluster_learnability` + `two_nn`.

    Above 0; high is meant to be good: features that are expressive, and still easy to learn from. In this plain sum
    the dimension outweighs the learnability, which is at most 1; Lu et al. first standardise both over the models that
    they compare. To do so, take the two parts. Features that are degenerate for either are refused.

    Costs what the two cost.

    Args:
        features: one row for each sample.
        seed: random seed of the k-means and of the split into halves.

    Raises:
        ValueError: where either of the two does.

    Source: Lu et al. 2023 (CLID).
    """
    return cluster_learnability(features, seed=seed) + two_nn(features)


@measure(
    meaning="accuracy of a nearest neighbour at k-means clusters; collapse gives 1",
    max_rows=5000,
    group="geometry",
)
def cluster_learnability(
    features: Float[Tensor, "N D"], clusters: int | None = None, neighbours: int = 1, seed: int = 0
) -> float:
    """Accuracy, in [0, 1], of nearest neighbours at predicting the k-means cluster of unit rows.

    Half of the rows, drawn at random, are known; the other half are classified. High is features in clear groups, or
    on a thin manifold, or collapsed: rows that are all the same give 1. Low is a cloud without structure in many
    dimensions. Rows on a curve lose no more than about half a row at each border between clusters.

    Costs a k-means and N²D operations; 0.3 GiB and twice the rows in float32.

    Args:
        features: one row for each sample; at least four. Only their directions count.
        clusters: number of k-means clusters; by default the square root of N, rounded down.
        neighbours: number of neighbours that vote.
        seed: random seed of the k-means and of the split into halves.

    Raises:
        ValueError: features are not finite or have fewer than four rows; clusters are not between 2 and N; neighbours
            are not between 1 and half of the rows.

    Source: Lu et al. 2023 (CLID), cluster learnability as the average validation accuracy.
    """
    N = len(features)
    if N < 4:
        raise ValueError(f"cluster learnability needs at least 4 rows, not {N}")
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
        # Fewer distinct rows than clusters: then there are fewer clusters, which is not an error.
        warnings.simplefilter("ignore", ConvergenceWarning)
        labels = KMeans(clusters, random_state=seed, copy_x=False).fit_predict(rows)
    order = np.random.default_rng(seed).permutation(N)
    known, asked = order[: N // 2], order[N // 2 :]
    classifier = KNeighborsClassifier(neighbours, algorithm="brute").fit(rows[known], labels[known])
    return float(classifier.score(rows[asked], labels[asked]))
