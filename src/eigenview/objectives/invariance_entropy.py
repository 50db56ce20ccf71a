"""Invariance and entropy."""

from collections.abc import Mapping
from itertools import combinations
from math import inf, isfinite, sqrt
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.distributed import mean_over_ranks
from eigenview.linalg import normalize
from eigenview.objectives.base import Objective, Reference, weight
from eigenview.objectives.entropies import Entropy, build_entropy


class InvarianceEntropy(Objective):
    """VICReg's invariance, and minus an estimate of the embeddings' entropy in place of its other two terms.

    For K > 2 the invariance is the mean over pairs of views; the entropy is the mean over views.

    Args:
        estimator: of the entropy: an `Entropy`, or what `build_entropy` makes one of, such as "kl".
        invariance: weight of the squared distance between views, a mean over dimensions.
        entropy: weight of the entropy. The log-determinant is of the order of D, pairwise estimates of log P; for "kl"
            at the invariance's weight it is alignment plus uniformity in equal parts, Wang & Isola 2020.
        normalise: bring rows to length √D first, at which dimensions have unit variance. Without, embeddings may grow,
            and the log-determinant with them, so that the loss has no bound.

    Raises:
        UsageError: no such estimator, or a weight that is negative or not finite.

    Source: information (NOTES 5), whose text breaks off before it says how embeddings are kept from growing.
    """

    def __init__(
        self,
        estimator: Entropy | str | Mapping[str, Any] = "LogDet",
        invariance: float = 25.0,
        entropy: float = 1.0,
        normalise: bool = True,
    ) -> None:
        super().__init__()
        self.estimator = build_entropy(estimator)
        self.invariance = weight("invariance", invariance)
        self.entropy = weight("entropy", entropy)
        self.normalise = normalise

    def terms(self, z: Float[Tensor, "K P D"]) -> dict[str, Float[Tensor, ""]]:
        """`invariance`, and `entropy`, its negative; weighted."""
        z = normalize(z) * sqrt(z.shape[2]) if self.normalise else z
        distance = torch.stack([(first - second).square().mean() for first, second in combinations(z, 2)]).mean()
        entropy = torch.stack([self.estimator(view) for view in z]).mean()
        return {"invariance": self.invariance * mean_over_ranks(distance), "entropy": -self.entropy * entropy}

    def reference(self, K: int, P: int, D: int) -> Reference:
        """Uniform is taken on the sphere of radius √D, normalised or not."""
        self.check_shape(K, P)
        most = self.estimator.most(P, D, sqrt(D) if self.normalise else inf) if self.entropy else 0.0
        return Reference(
            collapsed=-self.entropy * self.estimator.collapsed(P, D),
            uniform=-self.entropy * self.estimator.uniform(P, D, sqrt(D)),
            best=-self.entropy * most if isfinite(most) else None,
        )
