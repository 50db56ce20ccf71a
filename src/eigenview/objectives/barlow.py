"""Barlow Twins."""

from itertools import combinations
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.distributed import mean_over_ranks
from eigenview.linalg import center
from eigenview.objectives.base import Objective, Reference, weight
from eigenview.objectives.loss_theory import CrossCorrelation


class BarlowTwins(Objective):
    """Distance from the identity of the cross-correlation of two views' dimensions.

    Dimensions are standardised over the batch as batch norm does it, a view at a time. For K > 2 it is the mean over
    pairs of views.

    Args:
        redundancy: weight λ of the squared correlations between different dimensions; the authors' is 0.0051.

    Raises:
        UsageError: a weight that is negative or not finite.

    Source: Zbontar et al. 2021, Eq. 1; sums over dimensions, and batch norm's ε, as in the authors' code.
    """

    epsilon: ClassVar[float] = 1e-5

    def __init__(self, redundancy: float = 5e-3) -> None:
        super().__init__()
        self.redundancy = weight("redundancy", redundancy)

    def terms(self, z: Float[Tensor, "K P D"]) -> dict[str, Float[Tensor, ""]]:
        """`invariance` and `redundancy`, the latter weighted."""
        first, second = map(list, zip(*combinations(range(z.shape[0]), 2), strict=True))
        z = center(z)
        variances = mean_over_ranks(z.square().mean(1))
        # An infinite variance would make the correlations of a dimension 0.
        deviations = (variances.where(variances.isfinite(), torch.nan) + self.epsilon).sqrt()
        # From covariances, since all ranks divide those alike, while each would divide its own rows.
        covariances = mean_over_ranks(z[first].mT @ z[second] / z.shape[1])
        correlations = covariances / (deviations[first, :, None] * deviations[second, None, :])
        own = correlations.diagonal(dim1=-2, dim2=-1)
        others = correlations - torch.diag_embed(own)
        return {
            "invariance": (1 - own).square().sum(-1).mean(),
            "redundancy": self.redundancy * others.square().sum((-2, -1)).mean(),
        }

    def reference(self, K: int, P: int, D: int) -> Reference:
        """Collapsed, nothing correlates.

        Uniform is in direction: rows are standard normal draws. The squared correlation of two independent normal
        samples has the mean 1/(P − 1), exactly; ε is neglected beside the variance.

        Best: C has at most r = min(D, P − 1) singular values, so ‖C‖² ≥ (tr C)²/r, and ΣC_ii² ≥ (tr C)²/D. For λ ≤ 1
        the loss is then at least D − 2t + t²((1 − λ)/D + λ/r), t the trace, of which the least value remains; a larger
        λ only adds. Equal views that are tight frames of the r dimensions reach it, standardised short of 1 by ε.
        """
        self.check_shape(K, P)
        excess = min(self.redundancy, 1) * (D / min(D, P - 1) - 1)
        return Reference(
            collapsed=float(D), uniform=self.redundancy * D * (D - 1) / (P - 1), best=D * excess / (1 + excess)
        )

    def theory(self, K: int, P: int, D: int) -> CrossCorrelation:
        """Near collapse, where variances are far below ε; the redundancy term is of fourth order there."""
        self.check_shape(K, P)
        return CrossCorrelation(self.epsilon)
