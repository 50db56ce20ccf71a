"""InfoNCE, at SimCLR's temperature and a warm one."""

from itertools import combinations
from math import exp, log

import mpmath
import numpy as np
import pytest
import torch

from eigenview._errors import UsageError
from eigenview.objectives import InfoNCE
from eigenview.objectives.infonce import _log_mean_exp_cosine

from .case import ObjectiveTestCase, draw, rotation


class TestInfoNCE(ObjectiveTestCase):
    temperature = 0.1

    def make(self, D=4):
        return InfoNCE(temperature=self.temperature)

    def expected(self, z):
        K, P, _ = z.shape
        losses = []
        for a, b in combinations(range(K), 2):
            views = [row / np.linalg.norm(row) for row in [*z[a], *z[b]]]
            for i in range(2 * P):
                similar = [exp(views[i] @ views[j] / self.temperature) for j in range(2 * P)]
                losses.append(-log(similar[(i + P) % (2 * P)] / (sum(similar) - similar[i])))
        return np.mean(losses)

    def best(self, K, D):
        # A regular simplex of D + 1 points: the centred basis of D + 1 dimensions, in coordinates of its own span.
        P = D + 1
        basis = torch.linalg.svd(torch.eye(P, dtype=torch.float64) - 1 / P).U[:, :D]
        return (basis @ rotation(D)).expand(K, P, D)

    def uniform(self, P, D, seed):
        return draw(P, D, seed=seed)

    @pytest.mark.parametrize(("P", "D"), [(8, 4), (32, 4)])
    def test_mean_field_is_above_the_mean(self, P, D):
        objective = self.make()
        losses = [objective(draw(P, D, seed=s).expand(2, P, D)).item() for s in range(200)]
        error = 3 * np.std(losses) / np.sqrt(len(losses))
        assert np.mean(losses) < objective.reference(2, P, D).uniform + error

    def test_simplex_in_more_dimensions_than_it_needs(self):
        objective, z = self.make(), torch.nn.functional.pad(self.best(2, 5), (0, 9))
        assert objective(z).item() == pytest.approx(objective.reference(2, 6, 14).best, rel=1e-12)


class TestWarmInfoNCE(TestInfoNCE):
    temperature = 0.5


def test_collapsed_is_chance() -> None:
    assert InfoNCE().reference(2, 128, 64).collapsed == pytest.approx(log(255))


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_temperature(temperature: float) -> None:
    with pytest.raises(UsageError, match=f"^temperature must be positive and finite, not {temperature}$"):
        InfoNCE(temperature=temperature)


@pytest.mark.parametrize("D", [1, 2, 3, 64, 4096])
@pytest.mark.parametrize("beta", [1e-3, 2.0, 10.0, 1000.0])
def test_mean_exponential_of_a_cosine(beta: float, D: int) -> None:
    exact = float(mpmath.log(mpmath.hyp0f1(mpmath.mpf(D) / 2, mpmath.mpf(beta) ** 2 / 4)))
    assert _log_mean_exp_cosine(beta, D) == pytest.approx(exact, rel=1e-10, abs=1e-12)


def test_cold_references_do_not_overflow() -> None:
    reference = InfoNCE(temperature=1e-4).reference(2, 256, 128)
    assert reference.uniform == pytest.approx(0, abs=1e-12)
    assert reference.best == 0
