"""VICReg."""

from itertools import combinations
from math import pi, sqrt

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview.objectives.base import Objective, Reference, weight

_EPSILON = 1e-4


class VICReg(Objective):
    """Variance, invariance and covariance of the embeddings, which are not normalised.

    For K > 2 the invariance is the mean over pairs of views, the variance the mean over views, and the covariance twice
    the mean over views: for K = 2, the authors' code.

    Args:
        invariance: weight of the squared distance between views, a mean over dimensions.
        variance: weight of how far each dimension's deviation stays below 1.
        covariance: weight of the squared covariances between dimensions.

    Raises:
        UsageError: a weight that is negative or not finite.

    Source: information, Sec. 2, and Bardes et al. 2022; constants of the authors' code.
    """

    def __init__(self, invariance: float = 25.0, variance: float = 25.0, covariance: float = 1.0) -> None:
        super().__init__()
        self.invariance = weight("invariance", invariance)
        self.variance = weight("variance", variance)
        self.covariance = weight("covariance", covariance)

    def terms(self, z: Float[Tensor, "K P D"]) -> dict[str, Float[Tensor, ""]]:
        """`invariance`, `variance` and `covariance`, weighted."""
        _, P, D = z.shape
        distance = torch.stack([(first - second).square().mean() for first, second in combinations(z, 2)]).mean()
        centred = z - z.mean(1, keepdim=True)
        cov = centred.mT @ centred / (P - 1)
        variances = cov.diagonal(dim1=-2, dim2=-1)
        missing = torch.relu(1 - (variances + _EPSILON).sqrt()).mean()
        off_diagonal = (cov - variances.diag_embed()).square().sum((-2, -1)).mean()
        return {
            "invariance": self.invariance * distance,
            "variance": self.variance * missing,
            "covariance": self.covariance * 2 * off_diagonal / D,
        }

    def reference(self, K: int, P: int, D: int) -> Reference:
        """Uniform is taken on the sphere of radius √D, where each dimension has unit variance.

        A sample covariance has the mean square (E z_k²z_l² + 1/(P − 1))/P, with E z_k²z_l² = D/(D + 2): exact. A sample
        variance has the variance v = (E z_k⁴ − (P − 3)/(P − 1))/P, with E z_k⁴ = 3D/(D + 2), so that a deviation is
        nearly normal, of mean 1 − v/8 and variance v/4; below 1 it misses √(v/8π) + v/16 on average.
        """
        covariance = self.covariance * 2 * (D - 1) * (D / (D + 2) + 1 / (P - 1)) / P
        v = (3 * D / (D + 2) - (P - 3) / (P - 1)) / P
        variance = self.variance * (sqrt(v / (8 * pi)) + v / 16)
        collapsed = self.variance * (1 - sqrt(_EPSILON))
        return Reference(collapsed=collapsed, uniform=variance + covariance, best=0.0)
