"""InfoNCE and its relatives."""

import inspect
from itertools import combinations, permutations
from math import inf, log

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from eigenview._errors import UsageError
from eigenview.distributed import all_gather, mean_over_ranks, world_size
from eigenview.linalg import (
    log_mean_exp_cosine,
    mean_log_gaussian_sum,
    mean_log_sum_exp,
    normalize,
    paired_mean_log_sum_exp,
)
from eigenview.objectives.base import Objective, Reference, weight
from eigenview.objectives.loss_theory import CosineContrast, EuclideanContrast


class InfoNCE(Objective):
    """Finding a view's partner among the views of other samples: an anchor's similarity to it, and to all.

    An anchor a with partner b and negatives n has the loss

        −s(a, b)/τ + ρ·log(α·exp(s(a, b)/τ) + Σ_n exp(s(a, n)/τ)),

    and the whole is the mean over anchors, for K > 2 also over pairs of views. Where a paper has the mean over
    negatives in place of their sum, its loss is lower by a constant, ρ times the log of their number. The defaults are
    SimCLR's NT-Xent.

    Args:
        temperature: τ, positive and finite.
        positive_weight: α, the partner's weight among the negatives; 0 leaves it out.
        repulsion: ρ, the weight of the log.
        similarity: `cosine`, or `euclidean`: minus half the squared distance of embeddings that are not normalised.
        negatives: `both` views of the other samples, 2(P − 1), or only the `other` one than the anchor's, P − 1.
        symmetric: whether both views of a pair are anchors, or the first alone.

    Raises:
        UsageError: a temperature that is not positive and finite, a weight that is negative or not finite, an unknown
            similarity or choice of negatives.

    Source: van den Oord et al. 2018, Eq. 4; Chen et al. 2020 (SimCLR), Eq. 1; geometry, Eq. 1; landscape, Eqs. 1–3.
    """

    def __init__(
        self,
        temperature: float = 0.1,
        positive_weight: float = 1.0,
        repulsion: float = 1.0,
        similarity: str = "cosine",
        negatives: str = "both",
        symmetric: bool = True,
    ) -> None:
        super().__init__()
        if not 0 < temperature < inf:
            raise UsageError(f"temperature must be positive and finite, not {temperature}")
        if similarity not in ("cosine", "euclidean"):
            raise UsageError(f"similarity must be cosine or euclidean, not '{similarity}'")
        if negatives not in ("both", "other"):
            raise UsageError(f"negatives must be both or other, not '{negatives}'")
        self._temperature = temperature
        self.positive_weight = weight("positive_weight", positive_weight)
        self.repulsion = weight("repulsion", repulsion)
        self.similarity, self.negatives, self.symmetric = similarity, negatives, symmetric

    @property
    def temperature(self) -> float:
        """τ; where it is learned, as it now is."""
        return self._temperature

    def inverse_temperature(self, dtype: torch.dtype) -> float | Float[Tensor, ""]:
        """β = 1/τ; where it is learned, with its gradient."""
        return 1 / self.temperature

    def terms(self, z: Float[Tensor, "K P D"]) -> dict[str, Float[Tensor, ""]]:
        """`alignment`, minus the partner's similarity over τ, and `uniformity`, the log of the denominator times ρ."""
        z = normalize(z) if self.similarity == "cosine" else z
        beta = self.inverse_temperature(z.dtype)
        partners = torch.stack([self._partners(a, b) for a, b in combinations(z, 2)]).mean()
        scaled = beta**0.5 * z
        if self.symmetric and world_size() == 1:
            logs = [self._both_ways(torch.stack(pair)) for pair in combinations(scaled, 2)]
        else:
            views, everyone = scaled.unbind(), all_gather(scaled.transpose(0, 1)).unbind(1)
            ways = (permutations if self.symmetric else combinations)(range(len(views)), 2)
            logs = [self._one_way(views[a], everyone[a], everyone[b]) for a, b in ways]
        return {
            "alignment": -beta * mean_over_ranks(partners),
            "uniformity": self.repulsion * mean_over_ranks(torch.stack(logs).mean()),
        }

    def _partners(self, a: Float[Tensor, "P D"], b: Float[Tensor, "P D"]) -> Float[Tensor, ""]:
        """The mean similarity of partners."""
        return (a * b).sum(1).mean() if self.similarity == "cosine" else -(a - b).square().sum(1).mean() / 2

    def _both_ways(self, z: Float[Tensor, "2 P D"]) -> Float[Tensor, ""]:
        """The mean log of the denominators of both views' anchors."""
        across, gaussian = self.negatives == "other", self.similarity == "euclidean"
        return paired_mean_log_sum_exp(z, self.positive_weight, across, gaussian)

    def _one_way(
        self, anchors: Float[Tensor, "P D"], same: Float[Tensor, "P_all D"], other: Float[Tensor, "P_all D"]
    ) -> Float[Tensor, ""]:
        """The mean log of the denominators of this rank's anchors, given their view of all samples, and the other."""
        partner = _first_on_this_rank(len(anchors)) + torch.arange(len(anchors), device=anchors.device)
        own = partner + len(other) if self.negatives == "both" else None
        candidates = torch.cat([other, same]) if self.negatives == "both" else other
        mean_log = mean_log_sum_exp if self.similarity == "cosine" else mean_log_gaussian_sum
        return mean_log(anchors, candidates, own=own, partner=partner, partner_weight=self.positive_weight)

    def reference(self, K: int, P: int, D: int) -> Reference:
        """At the present temperature, if it is learned.

        Collapsed, every candidate is as good as the partner. Uniform, for cosines: the partner at similarity 1, and for
        the negatives, uniform on the sphere, the mean field: their expected exponential, which a large P approaches
        from below; unknown without a sphere.

        Best, for cosines: the loss is convex in similarities, so by Jensen it is no less than at their means; and these
        bound each other (`_negatives_given`). Where ρ ≤ 1, or the partner is not among the negatives and ρ not large,
        that is where partners are equal and samples the corners of a regular simplex, which needs D ≥ P − 1; below that
        it stays a bound. Best, for distances: with α > 0 and ρ ≤ 1 the partner alone gives the denominator at least
        α·exp(s/τ), and samples far apart approach that; else samples that move apart lower the loss without bound.
        """
        self.check_shape(K, P)
        beta = 1 / self.temperature
        if self.similarity == "euclidean":
            bounded = self.positive_weight > 0 and self.repulsion <= 1
            best = self.repulsion * log(self.positive_weight) if bounded else None
            return Reference(collapsed=self._loss(0.0, 0.0, P), uniform=None, best=best)
        similarity = self._best_similarity(beta, P)
        intercept, slope = self._negatives_given(P)
        return Reference(
            collapsed=self._loss(beta, beta, P),
            uniform=self._loss(beta, log_mean_exp_cosine(beta, D), P),
            best=self._loss(beta * similarity, beta * (intercept + slope * similarity), P),
        )

    def theory(self, K: int, P: int, D: int) -> EuclideanContrast | CosineContrast:
        """At the present temperature, if it is learned."""
        self.check_shape(K, P)
        if self.similarity == "cosine":
            return CosineContrast(self.repulsion, self.temperature, option=self._option("temperature"))
        share = self.positive_weight / (self.positive_weight + self._count(P))
        return EuclideanContrast(self.repulsion, self.temperature, share, option=self._option("repulsion"))

    def _option(self, name: str) -> str | None:
        """The constructor's own word for a setting; None where a subclass has another."""
        return name if name in inspect.signature(type(self)).parameters else None

    def _loss(self, partner: float, others: float, P: int) -> float:
        """The loss where partners have this score, and the exponentials of negatives' scores a mean of this log."""
        log_alpha = log(self.positive_weight) if self.positive_weight else -inf
        denominator = float(np.logaddexp(log_alpha, log(self._count(P)) + others - partner))
        return (self.repulsion - 1) * partner + self.repulsion * denominator

    def _count(self, P: int) -> int:
        """How many negatives an anchor has."""
        return 2 * (P - 1) if self.negatives == "both" else P - 1

    def _negatives_given(self, P: int) -> tuple[float, float]:
        """Intercept and slope of the least mean cosine of negatives that partners with a mean cosine s leave possible.

        With A and B the sums of the two views, Σ cosines of negatives is, but for the terms of equal samples,

        - ‖A + B‖² for both views as anchors and as negatives, which is at least 0;
        - A·B for the other view's negatives, at least −¼‖A − B‖²;
        - ‖A‖² + A·B for the anchors of one view and the negatives of both, at least −⅛‖A − B‖²;

        and ‖A − B‖² ≤ P·Σ‖a − b‖² ≤ 2P²(1 − s).
        """
        n = self._count(P)
        if self.negatives == "other":
            return -P / 2 / n, (P / 2 - 1) / n
        if self.symmetric:
            return -1 / n, -1 / n
        return -(P / 4 + 1) / n, (P / 4 - 1) / n

    def _best_similarity(self, beta: float, P: int) -> float:
        """The mean cosine of partners at which the bound is least; it is convex there."""
        intercept, slope = self._negatives_given(P)
        if self.repulsion <= 1:
            return 1.0
        # The partner's share of the denominator at which the bound has no slope; no share is outside [0, 1].
        share = (1 / self.repulsion - slope) / (1 - slope)
        if share <= 0:
            return -1.0
        if not self.positive_weight:
            return 1.0
        odds = log(share / (1 - share)) - log(self.positive_weight) + log(self._count(P))
        return max(-1.0, min(1.0, (odds / beta + intercept) / (1 - slope)))


def _first_on_this_rank(P: int) -> int:
    return torch.distributed.get_rank() * P if world_size() > 1 else 0
