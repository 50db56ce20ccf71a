"""Invariance minus entropy, by each estimate, on the sphere and off it."""

from abc import abstractmethod
from itertools import combinations
from math import e, log, pi

import numpy as np
import pytest
import torch

from eigenview._errors import UsageError
from eigenview.objectives import InvarianceEntropy, PairwiseDistance, build_objective
from eigenview.testing import ObjectiveTestCase
from eigenview.testing.draws import gaussian, rotation


class InvarianceEntropyTestCase(ObjectiveTestCase):
    weights = (25.0, 1.0)
    normalise = True
    estimator: str | dict

    @abstractmethod
    def entropy(self, view: np.ndarray) -> float:
        """The estimate, written from its formula in float64."""

    def make(self, D=4):
        return InvarianceEntropy(self.estimator, *self.weights, normalise=self.normalise)

    def expected(self, z):
        if self.normalise:
            z = z / np.linalg.norm(z, axis=-1, keepdims=True) * z.shape[2] ** 0.5
        distance = np.mean([np.mean((z[a] - z[b]) ** 2) for a, b in combinations(range(len(z)), 2)])
        return np.dot(self.weights, [distance, -np.mean([self.entropy(view) for view in z])])

    def best(self, K, D):
        # A regular simplex: equally far from each other, and isotropic.
        basis = torch.linalg.svd(torch.eye(D + 1, dtype=torch.float64) - 1 / (D + 1)).U[:, :D]
        return (basis @ rotation(D)).expand(K, D + 1, D)

    def uniform(self, P, D, seed):
        return torch.nn.functional.normalize(gaussian(P, D, seed=seed), dim=-1) * D**0.5


class TestInvarianceLogDet(InvarianceEntropyTestCase):
    estimator = "LogDet"
    beta = 0.01
    # The law of large matrices, at the sizes drawn here.
    uniform_bias = 3e-3

    def entropy(self, view):
        return np.linalg.slogdet(self.beta * np.eye(view.shape[1]) + np.cov(view.T))[1] / 2

    def test_best_with_few_samples_in_many_dimensions(self):
        objective = self.make()
        z = torch.nn.functional.pad(self.best(2, 5), (0, 9))
        assert objective(z).item() == pytest.approx(objective.reference(2, 6, 14).best, rel=1e-12)


class TestInvarianceLargeRidge(TestInvarianceLogDet):
    beta = 2.0
    weights = (1.0, 3.0)
    estimator = {"name": "LogDet", "beta": beta}  # noqa: RUF012


class TestInvarianceLogDetUnbounded(TestInvarianceLogDet):
    normalise = False
    scale_invariant = False

    def best(self, K, D):
        return None

    def test_best_with_few_samples_in_many_dimensions(self):
        assert self.make().reference(2, 6, 14).best is None

    def test_growing_has_no_bound(self):
        objective, z = self.make(), gaussian(1, 9, 3).expand(2, 9, 3)
        assert objective(1e6 * z) < objective(1e3 * z) - 10


class TestInvarianceKL(InvarianceEntropyTestCase):
    estimator = "kl"
    divide = 2.0

    def entropy(self, view):
        D = view.shape[1]
        variance = D / 4
        distances = np.square(view[:, None] - view[None]).sum(-1) / (self.divide * variance)
        return D / 2 * log(2 * pi * e * variance) - np.mean(np.log(np.exp(-distances).mean(1)))


class TestInvarianceBhattacharyya(TestInvarianceKL):
    estimator = "bhattacharyya"
    divide = 8.0


class TestInvarianceKLOffTheSphere(TestInvarianceKL):
    normalise = False
    scale_invariant = False

    def best(self, K, D):
        return 1e3 * super().best(K, D)


def test_estimators_have_names_in_recipes() -> None:
    objective = build_objective("invarianceentropy", {"estimator": {"name": "chernoff", "variance": 2.0}})
    assert isinstance(objective, InvarianceEntropy)
    assert isinstance(objective.estimator, PairwiseDistance)
    with pytest.raises(UsageError, match="unknown entropy 'logdat': did you mean 'LogDet'"):
        build_objective("InvarianceEntropy", {"estimator": "logdat"})


def test_without_entropy_collapse_is_best() -> None:
    assert InvarianceEntropy(entropy=0.0).reference(2, 8, 4).scale(0.5) is None
    assert InvarianceEntropy(entropy=0.0, normalise=False).reference(2, 8, 4).best == 0


@pytest.mark.parametrize("name", ["invariance", "entropy"])
def test_negative_weights_have_no_bound(name: str) -> None:
    with pytest.raises(UsageError, match=rf"{name} must be a finite weight, 0 or more, not -1\.0$"):
        build_objective("InvarianceEntropy", {name: -1.0})
