"""Whether what belongs together is found among the nearest: retrieval, and classes found by their names."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.stats import hypergeom
from torch import Tensor

from eigenview.linalg import normalize

_TIED = 1e-9  # cosines no further apart are equal, so that a collapse, but for rounding, ties everything
_AT_ONCE = 1 << 22  # cosines


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
    """How often a query finds a match of its own among the k candidates of the largest cosines.

    A query with several matches finds one if any of them is there. Candidates with equal cosines count as in random
    order, so that collapsed embeddings find what chance finds.

    Args:
        queries: embeddings.
        candidates: embeddings to find matches among.
        matches: which candidates match a query: at least one for each; by default row i matches row i.
        ks: how many of the nearest are looked at.

    Raises:
        ValueError: embeddings that are not finite, are none or differ in width; matches of another shape, or a query
            without one; a k below 1.
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
    """How many candidates stand before a query's best match, how many with it, and how many matches among these."""
    best = cosines.masked_fill(~matches, -2).amax(1, keepdim=True)
    tied = (cosines - best).abs() <= _TIED
    before = (cosines > best) & ~tied
    return before.sum(1), tied.sum(1), (tied & matches).sum(1)


def _hit(total: np.ndarray, matches: np.ndarray, drawn: np.ndarray) -> float:
    """How often some of the matches are among those drawn of the total, on average over queries."""
    return float(np.mean(hypergeom.sf(0, total, matches, drawn)))


def _checked(queries: Tensor, candidates: Tensor, matches: Tensor | None, ks: Sequence[int]) -> Tensor:
    if not len(queries) or not len(candidates):
        raise ValueError(f"there must be queries and candidates, not {len(queries)} and {len(candidates)}")
    if queries.shape[1] != candidates.shape[1]:
        raise ValueError(f"queries and candidates must share a space, not of {queries.shape[1]}, {candidates.shape[1]}")
    if not bool(torch.isfinite(queries).all() and torch.isfinite(candidates).all()):
        raise ValueError("embeddings must be finite")
    if not ks or min(ks) < 1:
        raise ValueError(f"of the nearest at least 1 must be looked at, not {list(ks)}")
    shape = (len(queries), len(candidates))
    if matches is None:
        if shape[0] != shape[1]:
            raise ValueError(f"{shape[0]} queries and {shape[1]} candidates do not pair: say which match")
        return torch.eye(shape[0], dtype=torch.bool, device=queries.device)
    if tuple(matches.shape) != shape:
        raise ValueError(f"matches must be of shape {list(shape)}, not {list(matches.shape)}")
    if not bool(matches.any(1).all()):
        raise ValueError(f"query {int((~matches.any(1)).nonzero()[0])} has no match among the candidates")
    return matches


@dataclass(frozen=True)
class LabelZeroShot:
    """Shares of samples, in [0, 1].

    Args:
        accuracy: of those whose nearest class is theirs.
        chance: the same for a class at random, one over their number.
        majority: the same for always the commonest class.
    """

    accuracy: float
    chance: float
    majority: float


def label_zero_shot(
    samples: Float[Tensor, "N D"], classes: Float[Tensor, "C D"], labels: Int[Tensor, "N"]
) -> LabelZeroShot:
    """How often the class of the largest cosine is a sample's own, with no label seen by any classifier.

    Args:
        samples: embeddings, of images say.
        classes: one embedding a class, of a text made of its name say.
        labels: which row of `classes` is a sample's.

    Raises:
        ValueError: embeddings that are not finite, are none or differ in width, or not a label for each sample.

    Source: Radford et al. 2021, Sec. 3.1.
    """
    if len(labels) != len(samples):
        raise ValueError(f"each of {len(samples)} samples needs a label, and there are {len(labels)}")
    if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < len(classes):
        wrong = int(labels.min()) if int(labels.min()) < 0 else int(labels.max())
        raise ValueError(f"labels must be rows of the {len(classes)} classes, not {wrong}")
    matches = torch.nn.functional.one_hot(labels.long(), len(classes)).bool()
    found = retrieval(samples, classes, matches, ks=(1,))
    return LabelZeroShot(found.recall[1], 1 / len(classes), float(matches.sum(0).max()) / len(samples))
