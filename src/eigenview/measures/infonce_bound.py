"""InfoNCE and its upper bound on cosines, which separates invariance from repulsion."""

from dataclasses import dataclass
from itertools import combinations
from math import inf, log

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.measures.alignment_uniformity import check_views, unit_rows

_SCORES = 2**23


@dataclass(frozen=True)
class InfoNCEBound:
    """InfoNCE and its upper bound β·invariance + β·repulsion + log 2(P − 1).

    Args:
        bound: the upper bound.
        loss: decoupled InfoNCE itself, at most log 2(P − 1) below it.
        invariance: minus the mean cosine of an anchor and its partner, in [−1, 1]; −1 is full invariance.
        repulsion: the mean cosine of an anchor and its nearest negative, in [−1, 1]; 1 is collapse.
    """

    bound: float
    loss: float
    invariance: float
    repulsion: float

    @property
    def gap(self) -> float:
        """How far the loss is below the bound: 0 where all negatives are equally near, up to log 2(P − 1)."""
        return self.bound - self.loss


def infonce_bound(z: Float[Tensor, "K P D"], beta: float = 2.0) -> InfoNCEBound:
    """InfoNCE's upper bound on cosines, with its invariance and repulsion parts, and the loss itself.

    Anchors are a pair's first view; negatives are both views of the other samples; the partner is not among them. With
    more than two views it is the mean over pairs. Low is invariant and spread; complete collapse has a bound and a loss
    of log 2(P − 1). A zero view has cosine 0 with all. Costs K(K − 1)·P² products of embeddings, and two views in
    float32, or in z's float64, at a time.

    Args:
        z: views of samples, two at least of two at least; embeddings.
        beta: the inverse temperature.

    Raises:
        ValueError: z is not finite; fewer than two views or samples; beta is not positive and finite.

    Source: geometry, Eqs. 1 and 3–5.
    """
    check_views(z, "InfoNCE's bound", P=2)
    if not 0 < beta < inf:
        raise ValueError(f"beta must be positive and finite, not {beta}")
    with torch.autocast(z.device.type, enabled=False):
        pairs = torch.stack([_parts(unit_rows(a), unit_rows(b), beta) for a, b in combinations(z, 2)])
    partner, nearest, log_sum = pairs.mean(0).tolist()
    bound = beta * (nearest - partner) + log(2 * (z.shape[1] - 1))
    return InfoNCEBound(bound, log_sum - beta * partner, invariance=-partner, repulsion=nearest)


def _parts(a: Float[Tensor, "P D"], b: Float[Tensor, "P D"], beta: float) -> Float[Tensor, "3"]:
    """Means over anchors a: the partner's cosine, the nearest negative's, the log of negatives' exponentials' sum."""
    P = len(a)
    nearest, log_sums = a.new_empty(2, P)
    height = max(16, _SCORES // (2 * P))
    for start in range(0, P, height):
        rows = slice(start, start + height)
        cosines = torch.cat([a[rows] @ b.mT, a[rows] @ a.mT], 1)
        for candidates in cosines.split(P, 1):
            candidates.diagonal(start).fill_(-inf)
        nearest[rows] = cosines.amax(1)
        log_sums[rows] = cosines.mul_(beta).logsumexp(1)
    return torch.stack([(a * b).sum(1).mean(), nearest.mean(), log_sums.mean()]).double()
