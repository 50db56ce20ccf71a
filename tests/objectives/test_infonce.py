"""InfoNCE in all its forms."""

from abc import abstractmethod
from itertools import combinations, permutations
from math import exp, log, sqrt

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize, pad

from eigenview._errors import UsageError
from eigenview.objectives import CLIP, BetaInfoNCE, DecoupledInfoNCE, InfoNCE, Objective, SimCLR, WeightedInfoNCE
from eigenview.testing import ObjectiveTestCase
from eigenview.testing.draws import gaussian, rotation
from tests.memory import Memory


def simplex(P: int) -> Tensor:
    """P unit rows of P − 1 dimensions, as far apart as can be: the centred basis of P, in coordinates of its span."""
    return normalize(torch.linalg.svd(torch.eye(P, dtype=torch.float64) - 1 / P).U[:, : P - 1], dim=1)


class InfoNCECase(ObjectiveTestCase):
    temperature = 0.1
    positive_weight = 1.0
    repulsion = 1.0
    similarity = "cosine"
    negatives = "both"
    symmetric = True

    def make(self, D: int = 4) -> Objective:
        return InfoNCE(
            self.temperature, self.positive_weight, self.repulsion, self.similarity, self.negatives, self.symmetric
        )

    def score(self, a, b):
        if self.similarity == "euclidean":
            return -((a - b) ** 2).sum() / 2 / self.temperature
        return a @ b / np.linalg.norm(a) / np.linalg.norm(b) / self.temperature

    def expected(self, z):
        K, P, _ = z.shape
        losses = []
        for a, b in permutations(range(K), 2) if self.symmetric else combinations(range(K), 2):
            for i in range(P):
                partner = self.score(z[a, i], z[b, i])
                others = [self.score(z[a, i], z[b, j]) for j in range(P) if j != i]
                if self.negatives == "both":
                    others += [self.score(z[a, i], z[a, j]) for j in range(P) if j != i]
                denominator = self.positive_weight * exp(partner) + sum(map(exp, others))
                losses.append(-partner + self.repulsion * log(denominator))
        return np.mean(losses)


class TestInfoNCE(InfoNCECase):
    def best(self, K, D):
        return (simplex(D + 1) @ rotation(D)).expand(K, D + 1, D)

    def uniform(self, P, D, seed):
        return gaussian(P, D, seed=seed)

    @pytest.mark.parametrize(("P", "D"), [(8, 4), (32, 4)])
    def test_mean_field_is_above_the_mean(self, P, D):
        objective = self.make()
        losses = [objective(gaussian(P, D, seed=s).expand(2, P, D)).item() for s in range(200)]
        error = 3 * np.std(losses) / np.sqrt(len(losses))
        uniform = objective.reference(2, P, D).uniform
        assert uniform is not None
        assert np.mean(losses) < uniform + error

    def test_simplex_in_more_dimensions_than_it_needs(self):
        objective, z = self.make(), pad(simplex(6).expand(2, 6, 5), (0, 9))
        assert objective(z).item() == pytest.approx(objective.reference(2, 6, 14).best, rel=1e-12)


class TestWarmInfoNCE(TestInfoNCE):
    temperature = 0.5


class TestInfoNCEWithOtherNegatives(TestInfoNCE):
    temperature = 0.3
    negatives = "other"


class TestInfoNCEWithWeights(TestInfoNCE):
    temperature = 0.4
    positive_weight = 0.3
    repulsion = 0.7


class TestOneWayInfoNCE(TestInfoNCE):
    temperature = 0.3
    symmetric = False

    def test_order_of_samples_and_views_does_not_matter(self):
        # Of samples alone: the first view of a pair is not like the second.
        objective, z = self.make(4), gaussian(3, 6, 4)
        torch.testing.assert_close(objective(z[:, [3, 1, 5, 0, 2, 4]]), objective(z))
        assert abs(objective(z[[2, 0, 1]]) - objective(z)) > 1e-3


class TestDecoupledInfoNCE(TestOneWayInfoNCE):
    temperature = 0.5
    positive_weight = 0.0

    def make(self, D=4):
        return DecoupledInfoNCE()


class TestCLIP(TestInfoNCE):
    temperature = CLIP(temperature=0.2).temperature  # 0.2, but for float32
    negatives = "other"

    def make(self, D=4):
        return CLIP(temperature=0.2)


class StrongRepulsionCase(TestInfoNCE):
    """Partners are apart at the bound, all by the same angle, and so are negatives."""

    __test__ = False
    temperature = 0.25
    repulsion = 1.5

    @abstractmethod
    def partners(self, P: int, cosine: float) -> Tensor:
        """Two views of P unit rows with such a cosine of partners, and the least that is possible of all negatives."""

    @pytest.mark.parametrize(("K", "D"), [(2, 8), (2, 5), (2, 16)])
    def test_reference_at_its_best(self, K, D):
        # For more views than two, pairs cannot all be at their best at once.
        super().test_reference_at_its_best(K, D)

    def best(self, K, D):
        P = (D + 1) // 2
        found = minimize_scalar(lambda s: self.make()(self.partners(P, s)).item(), bounds=(-1, 1), method="bounded")
        assert -0.99 < found.x < 0.99
        z = self.partners(P, found.x)
        return pad(z, (0, D - z.shape[2]))

    def test_simplex_in_more_dimensions_than_it_needs(self):
        best = self.make().reference(2, 4, 8).best
        assert best is not None
        assert self.make()(simplex(4).expand(2, 4, 3)).item() > best + 1e-3


class TestRepulsiveInfoNCE(StrongRepulsionCase):
    __test__ = True

    def partners(self, P, cosine):
        near, far = sqrt((1 + cosine) / 2) * simplex(P), sqrt((1 - cosine) / 2) * torch.eye(P)
        return torch.stack([torch.cat([near, far], dim=1), torch.cat([near, -far], dim=1)])


class TestRepulsiveInfoNCEWithOtherNegatives(StrongRepulsionCase):
    __test__ = True
    negatives = "other"

    def partners(self, P, cosine):
        near, far = sqrt((1 + cosine) / 2) * simplex(P), sqrt((1 - cosine) / 2) * torch.ones(P, 1)
        return torch.stack([torch.cat([near, far], dim=1), torch.cat([near, -far], dim=1)])


class TestEuclideanInfoNCE(InfoNCECase):
    scale_invariant = False
    temperature = 0.5
    repulsion = 0.8
    similarity = "euclidean"

    def best(self, K, D) -> Tensor | None:
        return 10 * simplex(D + 1).expand(K, D + 1, D)

    def uniform(self, P, D, seed):
        return None


class TestWeightedInfoNCE(TestEuclideanInfoNCE):
    temperature = 1.0
    positive_weight = 0.1
    repulsion = 1.0
    negatives = "other"

    def make(self, D=4):
        return WeightedInfoNCE(0.1)


class TestBetaInfoNCE(TestEuclideanInfoNCE):
    temperature = 1.0
    positive_weight = 0.0
    repulsion = 0.5
    negatives = "other"

    def make(self, D=4):
        return BetaInfoNCE(0.5)

    def best(self, K, D):
        return None  # what moves apart lowers the loss without bound


def test_beta_infonce_has_no_bound() -> None:
    losses = [BetaInfoNCE(0.5)(scale * simplex(4).expand(2, 4, 3)).item() for scale in (1.0, 10.0, 100.0)]
    assert losses[0] > 2 * losses[1] + 10 > 100 * losses[2]
    assert losses[2] < -1000


@pytest.mark.parametrize("positive_weight", [0.0, 0.2, 5.0])
@pytest.mark.parametrize("repulsion", [1.2, 4.0])
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("negatives", ["both", "other"])
def test_nothing_is_below_the_bound_under_strong_repulsion(
    negatives: str, symmetric: bool, repulsion: float, positive_weight: float
) -> None:
    objective = InfoNCE(0.5, positive_weight, repulsion, negatives=negatives, symmetric=symmetric)
    for P, D in [(2, 2), (6, 3), (6, 12)]:
        best = objective.reference(2, P, D).best
        assert best is not None
        for z in (gaussian(2, P, D), torch.cat([gaussian(1, P, D), -gaussian(1, P, D)])):
            z.requires_grad_()
            optimizer = torch.optim.Adam([z], lr=0.2)
            for _ in range(20):
                optimizer.zero_grad()
                loss = objective(z)
                assert loss.item() >= best - 1e-10
                loss.backward()
                optimizer.step()


def test_clip_is_cross_entropy_both_ways() -> None:
    z = gaussian(2, 7, 5)
    a, b = normalize(z, dim=-1)
    objective = CLIP(temperature=0.2).double()
    logits, target = a @ b.mT / objective.temperature, torch.arange(7)
    expected = (cross_entropy(logits, target) + cross_entropy(logits.mT, target)) / 2
    torch.testing.assert_close(objective(z), expected)


def test_simclr_is_what_infonce_is_by_default() -> None:
    z = gaussian(3, 5, 4)
    assert SimCLR()(z) == InfoNCE()(z)
    assert SimCLR(0.3)(z) == InfoNCE(0.3)(z) != SimCLR()(z)


@pytest.mark.parametrize("negatives", ["both", "other"])
def test_symmetric_is_the_mean_of_both_directions(negatives: str) -> None:
    z = gaussian(2, 6, 4)
    one_way = InfoNCE(0.3, negatives=negatives, symmetric=False)
    both_ways = InfoNCE(0.3, negatives=negatives)(z)
    torch.testing.assert_close((one_way(z) + one_way(z.flip(0))) / 2, both_ways)
    assert DecoupledInfoNCE(symmetric=True)(z) == DecoupledInfoNCE(symmetric=True)(z.flip(0))


def test_on_the_sphere_distances_are_cosines_but_for_a_constant() -> None:
    z = normalize(gaussian(2, 6, 4), dim=-1)
    cosines, distances = (InfoNCE(0.3, 0.4, 0.7, similarity) for similarity in ("cosine", "euclidean"))
    torch.testing.assert_close(distances(z), cosines(z) + (1 - 0.7) / 0.3)


def test_beta_is_the_paper_s_but_for_a_constant() -> None:
    z = gaussian(2, 6, 4)
    half = (z[0][:, None] - z[1]).square().sum(2) / 2
    others = (-half)[~torch.eye(6, dtype=torch.bool)].exp().reshape(6, 5)
    paper = half.diagonal().mean() + 0.3 * others.mean(1).log().mean()
    one_way = InfoNCE(1.0, 0.0, 0.3, "euclidean", "other", symmetric=False)
    torch.testing.assert_close(one_way(z), paper + 0.3 * log(5))
    torch.testing.assert_close(BetaInfoNCE(0.3)(z), (one_way(z) + one_way(z.flip(0))) / 2)


def test_a_common_offset_costs_distances_no_digits() -> None:
    z = gaussian(2, 6, 4)
    offset = 1e3 * torch.ones(4)
    torch.testing.assert_close(BetaInfoNCE()((z + offset).float()), BetaInfoNCE()(z).float(), atol=1e-3, rtol=1e-3)


def test_the_temperature_learns() -> None:
    objective, z = CLIP(temperature=0.3).double(), gaussian(2, 6, 4)
    parameter = objective.log_inverse_temperature

    def loss(log_inverse: Tensor) -> Tensor:
        return torch.func.functional_call(objective, {"log_inverse_temperature": log_inverse}, (z,))

    start = parameter.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(loss, start)
    # The views do not match, so confidence costs: the temperature rises.
    optimizer = torch.optim.SGD(objective.parameters(), lr=0.1)
    objective(z).backward()
    optimizer.step()
    assert objective.temperature > 0.3


def test_the_temperature_stops_at_the_coldest_and_can_come_back() -> None:
    objective = CLIP(temperature=0.02, min_temperature=0.01)
    with torch.no_grad():
        objective.log_inverse_temperature.fill_(10.0)
    assert objective.temperature == 0.01
    a, b = normalize(gaussian(2, 6, 4).float(), dim=-1)
    loss = objective(torch.stack([a, b]))
    loss.backward()
    target = torch.arange(6)
    logits = 100 * a @ b.mT
    torch.testing.assert_close(loss, (cross_entropy(logits, target) + cross_entropy(logits.mT, target)) / 2)
    assert objective.log_inverse_temperature.item() == pytest.approx(log(100))
    gradient = objective.log_inverse_temperature.grad
    assert gradient is not None
    assert gradient > 0  # a step of descent warms


def test_references_follow_the_temperature() -> None:
    objective = CLIP()
    start = objective.reference(2, 16, 8)
    with torch.no_grad():
        objective.log_inverse_temperature.zero_()
    assert objective.reference(2, 16, 8) == InfoNCE(1.0, negatives="other").reference(2, 16, 8) != start


def test_memory_of_a_large_batch() -> None:
    z = torch.randn(2, 4096, 512, requires_grad=True)
    with Memory() as memory:
        InfoNCE()(z).backward()
    assert memory.peak < 256 * 2**20


def test_collapsed_is_chance() -> None:
    assert InfoNCE().reference(2, 128, 64).collapsed == pytest.approx(log(255))


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_temperature(temperature: float) -> None:
    with pytest.raises(UsageError, match=f"^temperature must be positive and finite, not {temperature}$"):
        InfoNCE(temperature=temperature)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"positive_weight": -1.0}, r"positive_weight must be a finite weight, 0 or more, not -1\.0"),
        ({"repulsion": float("inf")}, "repulsion must be a finite weight, 0 or more, not inf"),
        ({"similarity": "dot"}, "similarity must be cosine or euclidean, not 'dot'"),
        ({"negatives": "all"}, "negatives must be both or other, not 'all'"),
    ],
)
def test_what_cannot_be(options: dict, message: str) -> None:
    with pytest.raises(UsageError, match=f"^{message}$"):
        InfoNCE(**options)


def test_forms_that_cannot_be() -> None:
    with pytest.raises(UsageError, match=r"^temperature must be at least min_temperature, 0\.01, not 0\.001$"):
        CLIP(temperature=0.001)
    with pytest.raises(UsageError, match=r"^min_temperature must be positive and finite, not 0\.0$"):
        CLIP(min_temperature=0.0)
    with pytest.raises(UsageError, match=r"^beta must be a finite weight, 0 or more, not -1\.0$"):
        BetaInfoNCE(-1.0)
    with pytest.raises(UsageError, match=r"^alpha must be a finite weight, 0 or more, not nan$"):
        WeightedInfoNCE(float("nan"))


def test_cold_references_do_not_overflow() -> None:
    reference = InfoNCE(temperature=1e-4).reference(2, 256, 128)
    assert reference.uniform == pytest.approx(0, abs=1e-12)
    assert reference.best == 0
