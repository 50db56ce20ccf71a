"""VICReg."""

from itertools import combinations
from math import sqrt
from typing import ClassVar

import torch
from jaxtyping import Float
from scipy.special import gammainc, poch
from torch import Tensor

from eigenview.distributed import mean_over_ranks
from eigenview.linalg import covariance
from eigenview.objectives.base import Objective, Reference, weight
from eigenview.objectives.loss_theory import DeviationHinge


class VICReg(Objective):
    """Variance, invariance and covariance of the embeddings, which are not normalised.

    For K > 2 the invariance is the mean over pairs of views, the variance the mean over views, and the covariance twice
    the mean over views: for K = 2, the authors' code.

    Args:
        invariance: weight of the squared distance between views, a mean over dimensions.
        variance: weight of how far each dimension's standard deviation stays below 1.
        covariance: weight of the squared covariances between dimensions.

    Raises:
        UsageError: a weight that is negative or not finite.

    Source: information, Sec. 2, and Bardes et al. 2022; constants of the authors' code.
    """

    epsilon: ClassVar[float] = 1e-4

    def __init__(self, invariance: float = 25.0, variance: float = 25.0, covariance: float = 1.0) -> None:
        super().__init__()
        self.invariance = weight("invariance", invariance)
        self.variance = weight("variance", variance)
        self.covariance = weight("covariance", covariance)

    def terms(self, z: Float[Tensor, "K P D"]) -> dict[str, Float[Tensor, ""]]:
        """`invariance`, `variance` and `covariance`, weighted."""
        D = z.shape[2]
        distance = torch.stack([(first - second).square().mean() for first, second in combinations(z, 2)]).mean()
        cov = covariance(z)
        variances = cov.diagonal(dim1=-2, dim2=-1)
        missing = torch.relu(1 - (variances + self.epsilon).sqrt()).mean()
        off_diagonal = (cov - torch.diag_embed(variances)).square().sum((-2, -1)).mean()
        return {
            "invariance": self.invariance * mean_over_ranks(distance),
            "variance": self.variance * missing,
            "covariance": self.covariance * 2 * off_diagonal / D,
        }

    def reference(self, K: int, P: int, D: int) -> Reference:
        """Uniform is taken on the sphere of radius √D, where each dimension has variance 1.

        There E z_i²z_j² = D/(D + 2) and E z_i⁴ = 3D/(D + 2). So a sample covariance, of mean 0, has the variance
        (D/(D + 2) + 1/(P − 1))/P, exactly; a sample variance, of mean 1, has (3D/(D + 2) − (P − 3)/(P − 1))/P, and is
        taken to be gamma distributed, of which E relu(1 − √) remains.
        """
        self.check_shape(K, P)
        covariance = 2 * (D - 1) * (D / (D + 2) + 1 / (P - 1)) / P
        shape = P / (3 * D / (D + 2) - (P - 3) / (P - 1))
        missing = gammainc(shape, shape) - poch(shape, 0.5) / sqrt(shape) * gammainc(shape + 0.5, shape)
        uniform = self.variance * float(missing) + self.covariance * covariance
        return Reference(collapsed=self.variance * (1 - sqrt(self.epsilon)), uniform=uniform, best=0.0)

    def theory(self, K: int, P: int, D: int) -> DeviationHinge:
        """Near collapse; the covariance term is of fourth order there."""
        self.check_shape(K, P)
        return DeviationHinge(self.invariance, self.variance, self.epsilon)
