"""Retrieval (R@k) between paired embeddings, and zero-shot classification by the nearest class embedding."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.stats import hypergeom
from torch import Tensor

from eigenview.linalg import normalize

_TIED = 1e-9  # cosines within this are ties, so that a collapse up to rounding ties everything
_AT_ONCE = 1 << 22  # cosines held at a time


@dataclass(frozen=True)
class Retrieval:
    """R@k for each k: the share of queries with a match among their k nearest candidates.

    Args:
        recall: R@k, in [0, 1].
        chance: the same for candidates in random order.
    """

    recall: dict[int, float]
    chance: dict[int, float]


def retrieval(
    queries: Float[Tensor, "Q D"],
    candidates: Float[Tensor, "C D"],
    matches: Bool[Tensor, "Q C"] | None = None,
    ks: Sequence[int] = (1, 5, 10),
) -> Retrieval:
    """How often a query finds a match among the k candidates with the largest cosines.

    A query with several matches needs only one of them. Candidates with equal cosines count as in random order, so
    that collapsed embeddings score at chance.

    Args:
        queries: embeddings.
        candidates: embeddings to search.
        matches: which candidates match each query, at least one; by default row i matches row i.
        ks: numbers of nearest candidates.

    Raises:
        ValueError: embeddings are not finite, are empty or differ in dimension; matches have another shape; a query has
            no match; a k is below 1.
    """
    matches = _checked(queries, candidates, matches, ks)
    rows = max(1, _AT_ONCE // len(candidates))
    targets = normalize(candidates.double())
    found = [
        _standing(normalize(some.double()) @ targets.T, theirs)
        for some, theirs in zip(queries.split(rows), matches.split(rows), strict=True)
    ]
    before, tied, tied_matches = (torch.cat(part).cpu().numpy() for part in zip(*found, strict=True))
    total = np.full(len(before), len(candidates))
    own = matches.sum(1).cpu().numpy()
    recall = {k: _hit(tied, tied_matches, np.clip(k - before, 0, tied)) for k in ks}
    chance = {k: _hit(total, own, np.minimum(k, total)) for k in ks}
    return Retrieval(recall, chance)


def _standing(
    cosines: Float[Tensor, "q C"], matches: Bool[Tensor, "q C"]
) -> tuple[Int[Tensor, "q"], Int[Tensor, "q"], Int[Tensor, "q"]]:
    """For each query: candidates ranked before its best match, candidates tied with it, and matches among the ties."""
    best = cosines.masked_fill(~matches, -2).amax(1, keepdim=True)
    tied = (cosines - best).abs() <= _TIED
    before = (cosines > best) & ~tied
    return before.sum(1), tied.sum(1), (tied & matches).sum(1)


def _hit(total: np.ndarray, matches: np.ndarray, drawn: np.ndarray) -> float:
    """Probability that a random draw from the total contains a match, averaged over queries."""
    return float(np.mean(hypergeom.sf(0, total, matches, drawn)))


def _checked(queries: Tensor, candidates: Tensor, matches: Tensor | None, ks: Sequence[int]) -> Tensor:
    if not len(queries) or not len(candidates):
        raise ValueError(f"retrieval needs queries and candidates, not {len(queries)} and {len(candidates)}")
    if queries.shape[1] != candidates.shape[1]:
        raise ValueError(f"queries have {queries.shape[1]} dimensions, but candidates have {candidates.shape[1]}")
    if not bool(torch.isfinite(queries).all() and torch.isfinite(candidates).all()):
        raise ValueError("embeddings are not finite")
    if not ks or min(ks) < 1:
        raise ValueError(f"each k must be at least 1, not {list(ks)}")
    shape = (len(queries), len(candidates))
    if matches is None:
        if shape[0] != shape[1]:
            raise ValueError(f"{shape[0]} queries and {shape[1]} candidates do not pair: pass matches=")
        return torch.eye(shape[0], dtype=torch.bool, device=queries.device)
    if tuple(matches.shape) != shape:
        raise ValueError(f"matches must be of shape {list(shape)}, not {list(matches.shape)}")
    if not bool(matches.any(1).all()):
        raise ValueError(f"query {int((~matches.any(1)).nonzero()[0])} has no match among the candidates")
    return matches


@dataclass(frozen=True)
class LabelZeroShot:
    """Zero-shot accuracy and its references, in [0, 1].

    Args:
        accuracy: share of samples whose nearest class is their own.
        chance: accuracy of a random class, one over the number of classes.
        majority: accuracy of always predicting the most frequent class.
    """

    accuracy: float
    chance: float
    majority: float


def label_zero_shot(
    samples: Float[Tensor, "N D"], classes: Float[Tensor, "C D"], labels: Int[Tensor, "N"]
) -> LabelZeroShot:
    """Accuracy of predicting the class with the largest cosine; no classifier is trained.

    Args:
        samples: embeddings, such as of images.
        classes: one embedding for each class, such as of a text with its name.
        labels: for each sample the row of `classes` that is its class.

    Raises:
        ValueError: embeddings are not finite, are empty or differ in dimension; there is not one label for each sample.

    Source: Radford et al. 2021, Sec. 3.1.
    """
    if len(labels) != len(samples):
        raise ValueError(f"{len(samples)} samples need one label each, not {len(labels)} labels")
    if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < len(classes):
        wrong = int(labels.min()) if int(labels.min()) < 0 else int(labels.max())
        raise ValueError(f"labels must be rows of the {len(classes)} classes, not {wrong}")
    matches = torch.nn.functional.one_hot(labels.long(), len(classes)).bool()
    found = retrieval(samples, classes, matches, ks=(1,))
    return LabelZeroShot(found.recall[1], 1 / len(classes), float(matches.sum(0).max()) / len(samples))
