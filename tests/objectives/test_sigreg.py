"""SIGReg, in evaluation mode the fixed function that every objective is, and what training does to it."""

import numpy as np
import pytest
import torch
from scipy import optimize, stats

from eigenview._errors import UsageError
from eigenview.objectives import SIGReg
from eigenview.testing import ObjectiveTestCase
from eigenview.testing.draws import gaussian


def quantiles(P: int) -> torch.Tensor:
    """The normal law's quantiles."""
    return torch.from_numpy(stats.norm.ppf((np.arange(P) + 0.5) / P))[:, None]


class TestFewKnots(ObjectiveTestCase):
    views_needed = 1
    samples_needed = 1
    scale_invariant = False
    weight = 0.5
    knots = 4

    def make(self, D=4):
        return SIGReg(weight=self.weight, slices=24, knots=self.knots).eval()

    def expected(self, z):
        P, D = z.shape[1:]
        t = np.linspace(-3, 3, 2 * self.knots - 1)
        statistics = []
        for view in z:
            for direction in self.make().directions(D).numpy().T:
                distance = np.exp(1j * np.outer(t, view @ direction)).mean(1) - np.exp(-(t**2) / 2)
                statistics.append(P * np.trapezoid(np.abs(distance) ** 2 * np.exp(-(t**2) / 2), t))
        return (1 - self.weight) * ((z - z.mean(0)) ** 2).mean() + self.weight * np.mean(statistics)

    def best(self, K, D):
        # In more dimensions no few points do for all the directions. By symmetry their mean sines are 0, too.
        t = np.arange(1, 4)[:, None]

        def distance(x):
            return np.cos(t * x).mean(1) - np.exp(-(t[:, 0] ** 2) / 2)

        half = quantiles(40).numpy()[20:, 0]
        found = optimize.least_squares(distance, half, xtol=1e-15, ftol=1e-15, gtol=1e-15).x
        return torch.from_numpy(np.concatenate([found, -found]))[:, None].expand(K, 40, 1)

    def uniform(self, P, D, seed):
        return gaussian(P, D, seed=seed)

    def collapsed(self, K, P, D):
        return torch.zeros(K, P, D, dtype=torch.float64)


class TestSIGReg(TestFewKnots):
    weight = 0.02
    knots = 17

    def test_reference_at_its_best(self):  # pyright: ignore[reportIncompatibleMethodOverride]
        # Few points of equal weight have no 16 moments of the normal law, so the bound is neared, not reached.
        objective, z = self.make(), quantiles(4000).expand(2, 4000, 1)
        reference = objective.reference(*z.shape)
        assert reference.best == 0
        assert reference.scale(objective(z).item()) == pytest.approx(1, abs=1e-5)


def test_a_collapsed_batch_does_no_better_elsewhere() -> None:
    objective, reference = SIGReg().eval(), SIGReg().reference(2, 8, 5)
    assert all(objective((length * gaussian(5)).expand(2, 8, 5)) > reference.collapsed for length in (0.1, 1.0, 3.0))


def test_the_authors_statistic_has_its_closed_form_in_the_limit_of_many_knots() -> None:
    # ∫exp(−t²/2)·|exp(itx) − exp(−t²/2)|² dt over the line, of which |t| > 3 is beyond e^-4.5.
    x = 0.7
    exact = np.sqrt(2 * np.pi) - 2 * np.sqrt(np.pi) * np.exp(-(x**2) / 4) + np.sqrt(2 * np.pi / 3)
    loss = SIGReg(weight=1.0, knots=400)(torch.full((1, 1, 1), x, dtype=torch.float64)).item()
    assert loss == pytest.approx(exact, rel=2e-2)


def test_directions_are_uniform_on_the_sphere() -> None:
    A = SIGReg(slices=20000).directions(3)
    torch.testing.assert_close(A.square().sum(0), torch.ones(20000, dtype=torch.float64))
    torch.testing.assert_close(A @ A.mT / 20000, torch.eye(3, dtype=torch.float64) / 3, rtol=0, atol=1e-2)
    torch.testing.assert_close(A.mean(1), torch.zeros(3, dtype=torch.float64), rtol=0, atol=2e-2)


def test_directions_change_with_every_step_of_training_once() -> None:
    objective, z = SIGReg(slices=4), gaussian(2, 6, 3)
    first = objective(z)
    assert objective.step == 1
    second = objective.checked_terms(z)
    assert objective.step == 2
    assert abs(first - sum(second.values())) > 1e-6
    with pytest.raises(ValueError, match="does not use a teacher"):
        objective(z, z)
    assert objective.step == 2


def test_evaluation_is_a_fixed_function() -> None:
    objective, z = SIGReg(slices=4), gaussian(2, 6, 3)
    objective(z)
    objective.eval()
    assert objective(z) == objective(z)
    assert objective.step == 1
    upcoming = objective(z)
    assert objective.train()(z) == upcoming


def test_a_resumed_run_has_the_directions_of_one_that_was_not_stopped() -> None:
    straight, resumed, z = SIGReg(slices=4), SIGReg(slices=4), gaussian(2, 6, 3)
    straight(z)
    resumed.load_state_dict(straight.state_dict())
    torch.manual_seed(1)
    assert straight(z) == resumed(z)


def test_seeds_differ_and_global_generators_stay() -> None:
    z = gaussian(2, 6, 3)
    torch_state, numpy_state = torch.get_rng_state(), str(np.random.get_state())
    assert SIGReg(seed=1)(z) != SIGReg(seed=2)(z)
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert str(np.random.get_state()) == numpy_state


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weight": -0.1}, "weight must be from 0 to 1, not -0.1"),
        ({"weight": float("nan")}, "weight must be from 0 to 1, not nan"),
        ({"slices": 0}, "slices must be 1 or more, not 0"),
        ({"knots": 1}, "knots must be 2 or more, not 1"),
        ({"seed": -1}, "seed must be 0 or more, not -1"),
    ],
)
def test_mistakes(options, message) -> None:
    with pytest.raises(UsageError, match=f"^{message}$"):
        SIGReg(**options)
