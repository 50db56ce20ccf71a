"""BYOL and SimSiam, with and without batch norm and hidden layers, against a teacher and without."""

from abc import abstractmethod
from itertools import permutations
from math import e, log, pi

import numpy as np
import pytest
import torch

from eigenview._errors import UsageError
from eigenview.objectives import BYOL, LogDet, SimSiam, build_objective
from eigenview.testing import ObjectiveTestCase
from eigenview.testing.draws import gaussian, rotation


class PredictionTestCase(ObjectiveTestCase):
    """With a predictor of random weights; classes below have one that has learned."""

    scale_invariant = False
    hidden: tuple[int, ...] = (8,)
    batch_norm = True

    @abstractmethod
    def build(self, D: int) -> BYOL | SimSiam:
        """The objective, with fresh weights."""

    @abstractmethod
    def loss(self, cosine: float) -> float:
        """Of a prediction and what it should be."""

    def make(self, D=4):
        with torch.random.fork_rng():
            torch.manual_seed(D)
            objective = self.build(D)
            for parameter in objective.parameters():  # scales and shifts of batch norm begin at 1 and 0
                torch.nn.init.uniform_(parameter, -0.7, 0.7)
        return objective

    def predicted(self, z: np.ndarray) -> np.ndarray:
        """What the predictor makes of its rows."""
        weights = iter(p.detach().double().numpy() for p in self.make(z.shape[2]).parameters())
        x = z.reshape(-1, z.shape[2])
        for _ in self.hidden:
            x = x @ next(weights).T
            if self.batch_norm:
                x = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5) * next(weights)
            x = np.maximum(x + next(weights), 0)
        return (x @ next(weights).T + next(weights)).reshape(z.shape)

    def expected(self, z, target=None):
        K, P, _ = z.shape
        x, aim = self.predicted(z), z if target is None else target
        pairs = [(x[a, p], aim[b, p]) for a, b in permutations(range(K), 2) for p in range(P)]
        return np.mean([self.loss(u @ v / np.linalg.norm(u) / np.linalg.norm(v)) for u, v in pairs])

    def collapsed(self, K, P, D):
        # A collapse that the predictor predicts: z along f(z), where training leads every collapse. The factor makes
        # the iteration a contraction.
        predictor, z = self.make(D).predictor, gaussian(1, D)
        with torch.no_grad():
            for _ in range(60):
                z = 1e-3 * predictor(z.expand(2, D))[:1]
        return z.expand(K, P, D)

    def best(self, K, D):
        return self.collapsed(K, 5, D)

    def uniform(self, P, D, seed):
        return gaussian(P, D, seed=seed)

    def test_reference_when_uniform(self) -> None:
        pytest.skip("the reference is that of a predictor that has learned")

    def test_against_a_teacher(self):
        z, target = gaussian(3, 5, 4), gaussian(3, 5, 4, seed=1).requires_grad_()
        loss = self.make()(z.requires_grad_(), target)
        assert loss.item() == pytest.approx(self.expected(z.detach().numpy(), target.detach().numpy()), rel=1e-11)
        loss.backward()
        assert target.grad is None
        assert z.grad is not None

    def test_without_a_teacher_the_target_is_z_and_has_no_gradient(self):
        gradients = []
        for detached in (False, True):
            z = gaussian(2, 5, 4).requires_grad_()
            self.make()(z, z.detach() if detached else None).backward()
            gradients.append(z.grad)
        torch.testing.assert_close(*gradients, rtol=0, atol=0)

    def test_a_target_that_is_not_finite_shows(self):
        target = gaussian(2, 5, 4)
        target[1, 2, 0] = torch.inf
        assert not self.make()(gaussian(2, 5, 4), target).isfinite()


class TestBYOL(PredictionTestCase):
    def build(self, D):
        return BYOL(D, self.hidden, self.batch_norm)

    def loss(self, cosine):
        return 2 - 2 * cosine

    def test_the_predictor_learns_any_collapsed_batch(self):
        objective, z = self.make(), gaussian(4).float().expand(2, 8, 4)
        optimizer = torch.optim.Adam(objective.parameters(), lr=0.02)
        for _ in range(250):
            optimizer.zero_grad()
            objective(z).backward()
            optimizer.step()
        assert objective(z).item() == pytest.approx(objective.reference(2, 8, 4).collapsed, abs=1e-4)


class TestBYOLWithoutBatchNorm(TestBYOL):
    hidden = (8, 5)
    batch_norm = False


class TestSimSiam(PredictionTestCase):
    def build(self, D):
        return SimSiam(D, self.hidden)

    def loss(self, cosine):
        return -cosine


class Learned(PredictionTestCase):
    """A linear predictor that predicts what it is given."""

    scale_invariant = True
    hidden = ()

    def make(self, D=4):
        objective = self.build(D)
        weight, bias = objective.predictor.parameters()
        torch.nn.init.eye_(weight)
        torch.nn.init.zeros_(bias)
        return objective

    def collapsed(self, K, P, D):
        return gaussian(D).expand(K, P, D)

    def test_reference_when_uniform(self):
        ObjectiveTestCase.test_reference_when_uniform(self)


class TestLearnedBYOL(Learned, TestBYOL):
    pass


class TestLearnedSimSiam(Learned, TestSimSiam):
    pass


class TestBYOLLogDet(TestLearnedBYOL):
    entropy: str | dict = {"name": "LogDet", "beta": 0.1}  # noqa: RUF012
    weight = 0.3
    uniform_bias = 3e-3

    def build(self, D):
        return BYOL(D, (), entropy=self.entropy, entropy_weight=self.weight)

    def estimate(self, view: np.ndarray) -> float:
        """The entropy's formula."""
        covariance = np.cov(view.T).reshape(2 * view.shape[1:])
        return float(np.linalg.slogdet(0.1 * np.eye(view.shape[1]) + covariance).logabsdet / 2)

    def expected(self, z, target=None):
        on_sphere = z / np.linalg.norm(z, axis=-1, keepdims=True) * z.shape[2] ** 0.5
        return super().expected(z, target) - self.weight * np.mean([self.estimate(view) for view in on_sphere])

    def best(self, K, D):
        # A regular simplex: equally far from each other, and isotropic.
        basis = torch.linalg.svd(torch.eye(D + 1, dtype=torch.float64) - 1 / (D + 1)).U[:, :D]
        return (basis @ rotation(D)).expand(K, D + 1, D)

    def test_the_predictor_learns_any_collapsed_batch(self):
        pytest.skip("it has")


class TestBYOLKL(TestBYOLLogDet):
    entropy = "kl"
    uniform_bias = 0.0

    def estimate(self, view):
        D = view.shape[1]
        distances = np.square(view[:, None] - view[None]).sum(-1) / (2 * D / 4)
        return D / 2 * log(2 * pi * e * D / 4) - np.mean(np.log(np.exp(-distances).mean(1)))


def test_simsiam_has_a_bottleneck() -> None:
    assert [tuple(p.shape) for p in SimSiam(16).parameters() if p.ndim == 2] == [(4, 16), (16, 4)]
    assert SimSiam(2)(gaussian(2, 5, 2)).isfinite()


def test_evaluation_takes_the_running_statistics() -> None:
    objective, z = BYOL(4).eval(), gaussian(2, 6, 4)
    whole = objective(z)
    parts = torch.stack([objective(z[:, :3]), objective(z[:, 3:])]).mean()
    torch.testing.assert_close(whole, parts)


def test_ones_own_infinities_do_not_hide_behind_a_finite_teacher() -> None:
    # Where every hidden unit is −∞, a ReLU leaves zeros.
    objective = BYOL(2, hidden=(1,), batch_norm=False)
    z, target = gaussian(2, 3, 2), gaussian(2, 3, 2)
    for bad in (torch.inf, -torch.inf):
        z[0, 1, 0] = bad
        assert not objective(z, target).isfinite()


@pytest.mark.parametrize(("D", "hidden"), [(0, (3,)), (4, (0,)), (4, (3, -1))])
def test_widths(D: int, hidden: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match=r"^a predictor needs positive widths, not "):
        BYOL(D, hidden=hidden)


def test_entropies_have_names_in_recipes() -> None:
    objective = build_objective("byol", {"entropy": {"name": "LogDet", "beta": 0.5}}, D=4)
    assert isinstance(objective, BYOL)
    assert isinstance(objective.entropy, LogDet)
    assert objective.entropy.beta == 0.5
    with pytest.raises(UsageError, match=r"unknown entropy 'logdat': did you mean 'LogDet'\?$"):
        build_objective("byol", {"entropy": "logdat"}, D=4)
    with pytest.raises(UsageError, match=r"entropy_weight must be a finite weight, 0 or more, not -1\.0$"):
        BYOL(4, entropy="kl", entropy_weight=-1.0)
