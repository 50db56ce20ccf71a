"""VICReg, with its authors' weights and with others."""

from itertools import combinations

import numpy as np
import pytest
import torch

from eigenview._errors import UsageError
from eigenview.objectives import VICReg
from eigenview.testing import ObjectiveTestCase
from eigenview.testing.draws import gaussian


class TestVICReg(ObjectiveTestCase):
    scale_invariant = False
    weights = (25.0, 25.0, 1.0)
    # Small variances only nearly have normal deviations.
    uniform_bias = 3e-4

    def make(self, D=4):
        return VICReg(*self.weights)

    def expected(self, z):
        K, _, D = z.shape
        invariance = np.mean([np.mean((z[a] - z[b]) ** 2) for a, b in combinations(range(K), 2)])
        variance = np.mean([np.maximum(0, 1 - np.sqrt(view.var(0, ddof=1) + 1e-4)).mean() for view in z])
        covariances = [np.cov(view.T) for view in z]
        covariance = np.mean([sum(c[i, j] ** 2 for i in range(D) for j in range(D) if i != j) for c in covariances])
        return np.dot(self.weights, [invariance, variance, 2 * covariance / D])

    def best(self, K, D):
        # Columns orthonormal to each other and to the ones have exactly uncorrelated dimensions of equal variance.
        P = 3 * D
        columns = torch.linalg.qr(torch.cat([torch.ones(P, 1).double(), gaussian(P, D)], dim=1)).Q[:, 1:]
        return (1.5 * (P - 1) ** 0.5 * columns).expand(K, P, D)

    def uniform(self, P, D, seed):
        return torch.nn.functional.normalize(gaussian(P, D, seed=seed), dim=-1) * D**0.5


class TestUnevenVICReg(TestVICReg):
    weights = (1.0, 2.0, 30.0)
    uniform_bias = 2e-3


def test_uncorrelated_dimensions_of_any_variance_have_no_covariance() -> None:
    # As a difference of two sums of squares it would be lost in rounding, and below zero about as often as above.
    signs = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    z = (signs * torch.tensor([1000.0, 300.0])).expand(2, 4, 2)
    assert VICReg().checked_terms(z)["covariance"] == 0
    nearly = z + torch.tensor([[0.01, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    expected = 2 * np.cov(nearly[0].double().numpy().T)[0, 1] ** 2
    assert VICReg().checked_terms(nearly)["covariance"].item() == pytest.approx(expected, rel=1e-2)


def test_without_a_variance_term_collapse_is_best() -> None:
    assert VICReg(variance=0.0).reference(2, 8, 4).scale(0.5) is None


@pytest.mark.parametrize("name", ["invariance", "variance", "covariance"])
def test_negative_weights_have_no_bound(name: str) -> None:
    with pytest.raises(UsageError, match=rf"^{name} must be a finite weight, 0 or more, not -1\.0$"):
        VICReg(**{name: -1.0})
