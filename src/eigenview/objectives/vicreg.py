"""VICReg."""

from itertools import combinations
from math import sqrt

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.objectives.base import Objective, Reference

_EPSILON = 1e-4


class VICReg(Objective):
    """Variance, invariance and covariance of the embeddings, which are not normalised.

    For K > 2 the invariance is the mean over pairs of views, the variance the mean over views, and the covariance twice
    the mean over views: for K = 2, the authors' code.

    Args:
        invariance: weight of the squared distance between views, a mean over dimensions.
        variance: weight of how far each dimension's deviation stays below 1.
        covariance: weight of the squared covariances between dimensions.

    Source: information, Sec. 2, and Bardes et al. 2022; constants of the authors' code.
    """

    def __init__(self, invariance: float = 25.0, variance: float = 25.0, covariance: float = 1.0) -> None:
        super().__init__()
        self.invariance, self.variance, self.covariance = invariance, variance, covariance

    def terms(self, z: Float[Tensor, "K P D"]) -> dict[str, Float[Tensor, ""]]:
        """`invariance`, `variance` and `covariance`, weighted."""
        _, P, D = z.shape
        distance = torch.stack([(first - second).square().mean() for first, second in combinations(z, 2)]).mean()
        centred = z - z.mean(1, keepdim=True)
        cov = centred.mT @ centred / (P - 1)
        variances = cov.diagonal(dim1=-2, dim2=-1)
        missing = torch.relu(1 - (variances + _EPSILON).sqrt()).mean()
        off_diagonal = (cov.square().sum((-2, -1)) - variances.square().sum(-1)).mean()
        return {
            "invariance": self.invariance * distance,
            "variance": self.variance * missing,
            "covariance": self.covariance * 2 * off_diagonal / D,
        }

    def reference(self, K: int, P: int, D: int) -> Reference:
        """Uniform is taken on the sphere of radius √D, where each dimension has unit variance.

        Their covariances are exact: E z_k²z_l² = D/(D + 2), over P − 1. A sample variance's deviation is then nearly
        normal with variance (E z_k⁴ − 1)/(4P), E z_k⁴ = 3D/(D + 2), of which the mean of the positive part remains.
        """
        covariance = self.covariance * 2 * (D - 1) * D / (D + 2) / (P - 1)
        fluctuation = sqrt(max(3 * D / (D + 2) - 1, 0) / (4 * P))
        variance = self.variance * fluctuation / sqrt(2 * torch.pi)
        collapsed = self.variance * (1 - sqrt(_EPSILON))
        return Reference(collapsed=collapsed, uniform=variance + covariance, best=0.0)
