"""The batch shapes (P, D, K) with the lowest percent error within a budget."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int, Int64

from eigenview.theory.capacity._checks import integers
from eigenview.theory.capacity.centroid_norm import centroid_length
from eigenview.theory.capacity.nuclear_norm import capacity_at

Sizes = int | Sequence[int] | Int[np.ndarray, "sizes"]


@dataclass(frozen=True)
class Allocations:
    """Batch shapes, lowest percent error first.

    Args:
        P: samples.
        D: dimensions.
        K: views of each sample.
        percent_error: of uniform embeddings.
    """

    P: Int64[np.ndarray, "choices"]
    D: Int64[np.ndarray, "choices"]
    K: Int64[np.ndarray, "choices"]
    percent_error: Float64[np.ndarray, "choices"]

    @property
    def best(self) -> tuple[int, int, int]:
        """(P, D, K) with the lowest percent error."""
        return int(self.P[0]), int(self.D[0]), int(self.K[0])

    def where(self, kept: Bool[np.ndarray, "choices"]) -> "Allocations":
        """Some of the choices, in the same order.

        Args:
            kept: which, for instance `found.P * found.K > 0.5 * budget`.

        Raises:
            ValueError: the mask has another length, or keeps nothing.
        """
        kept = np.asarray(kept)
        if kept.dtype != bool or kept.shape != self.P.shape or not kept.any():
            raise ValueError(f"kept must be a boolean mask of {len(self.P)} choices with at least one that is true")
        return Allocations(self.P[kept], self.D[kept], self.K[kept], self.percent_error[kept])


def allocations(
    budget: int,
    largest_D: int,
    directions: int,
    agreement: float = 1.0,
    P: Sizes | None = None,
    D: Sizes | None = None,
    K: Sizes | None = None,
) -> Allocations:
    """All shapes (P, D, K) with P·K ≤ budget, by the percent error of uniform embeddings.

    The floor is lowest where a batch spans next to nothing, a P or a D of 1 or 2, so how many directions it must span
    is asked. At a fixed agreement below 1 the floor rises with K, and K = 2 is best: what more views are good for is
    not in this theory. Nor is that a lower floor makes better features, or what larger batches do otherwise. Of equal
    floors first comes what spans more directions, then what uses more of the budget, then the larger P.

    Args:
        budget: embeddings in a step, at most.
        largest_D: dimensions, at most.
        directions: that centroids can span, min(P, D), at least; for instance as many as are predicted to survive.
        agreement: mean cosine of two views of a sample.
        P: the number of samples, or those allowed; powers of two if not given.
        D: the dimensions, or those allowed; powers of two if not given.
        K: the number of views, or those allowed, each at least 2; powers of two if not given.

    Raises:
        ValueError: a size is not such an integer, K unit vectors cannot have this mean cosine, or no shape is left.

    Source: for this project, by enumeration of NOTES 1's floor.
    """
    (budget,) = integers(least=2, budget=budget)
    largest_D, directions = integers(largest_D=largest_D, directions=directions)
    samples, dimensions, views = (
        _allowed(P, "P", 1, budget // 2),
        _allowed(D, "D", 1, largest_D),
        _allowed(K, "K", 2, budget),
    )
    shapes = [
        (p, d, k) for p in samples for d in dimensions for k in views if p * k <= budget and min(p, d) >= directions
    ]
    if not shapes:
        raise ValueError(
            f"no allowed shape has P·K ≤ {budget}, D ≤ {largest_D}, K ≥ 2 and min(P, D) ≥ {directions} directions"
        )
    # One floor for each P and D, one length for each K: their product is the norm's share of its bound.
    floors = {(p, d): 1 - capacity_at(p, d).uniform_percent_error for p, d in {shape[:2] for shape in shapes}}
    lengths = {k: centroid_length(k, agreement) for k in {shape[2] for shape in shapes}}
    errors = {(p, d, k): 1 - lengths[k] * floors[p, d] for p, d, k in shapes}
    ranked = sorted(shapes, key=lambda shape: (errors[shape], -min(shape[:2]), -shape[0] * shape[2], -shape[0]))
    columns = np.array(ranked)
    return Allocations(columns[:, 0], columns[:, 1], columns[:, 2], np.array([errors[shape] for shape in ranked]))


def _allowed(given: Sizes | None, name: str, least: int, most: int) -> list[int]:
    """The allowed values up to the maximum, each once."""
    if given is None:
        return [2**i for i in range(most.bit_length()) if 2**i >= least]
    listed = given if isinstance(given, Iterable) else [given]
    sizes = {integers(least=least, **{name: size})[0] for size in listed}
    return sorted(size for size in sizes if size <= most)
