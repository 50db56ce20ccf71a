"""The contract of objectives, as tests that every objective's test case inherits."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.nn.parallel import DistributedDataParallel

from eigenview._errors import UsageError
from eigenview.objectives import Caution, NotCovered, Objective
from eigenview.predict import Landscape, landscape_of
from eigenview.runs.record_lines import RESERVED
from eigenview.testing.draws import NOT_FINITE, gaussian
from eigenview.testing.ranks import run_on_ranks

SHAPES = [(2, 5, 3), (3, 4, 6), (4, 3, 3)]


def value_and_gradient(objective: Objective, z: Tensor, autocast: bool = False) -> tuple[Tensor, Tensor]:
    """The loss of z and its gradient, with or without autocast to bfloat16."""
    z = z.clone().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        loss = objective(z)
    loss.backward()
    assert z.grad is not None
    return loss.detach(), z.grad


class ObjectiveTestCase(ABC):
    """What every objective must satisfy: right values, gradients and references, on one process and on several.

    Inherit from it in a test module, name the class `Test…` so that pytest collects it, and write the four abstract
    methods; pytest runs every test below on your objective, besides tests of your own:

        from eigenview.testing import ObjectiveTestCase
        from my_pkg.losses import MyLoss

        class TestMyLoss(ObjectiveTestCase):
            def make(self, D=4):
                return MyLoss()

            def expected(self, z):
                return np.mean(...)  # the formula, written a second time in numpy

            def best(self, K, D):
                return None  # no bound is known

            def uniform(self, P, D, seed):
                return None  # nor the loss of uniform embeddings

    Tests on several processes import the test module by its name, so it must be importable from `sys.path`, as it is
    under pytest's default import mode. Override a test that does not apply, with the reason, by one that skips.

    Attributes:
        views_needed: the least K that the objective accepts.
        samples_needed: the least P that it accepts.
        scale_invariant: whether the lengths of rows of z leave the loss as it is.
        uniform_shapes: (P, D) at which `reference(...).uniform` is compared with random embeddings.
        uniform_bias: how far, as a share of the way from collapsed to best, that reference may be from their mean.
    """

    views_needed: ClassVar[int] = 2
    samples_needed: ClassVar[int] = 2
    scale_invariant: ClassVar[bool] = True
    uniform_shapes: ClassVar[Sequence[tuple[int, int]]] = ((256, 64), (64, 256))
    uniform_bias: ClassVar[float] = 0.0

    @abstractmethod
    def make(self, D: int = 4) -> Objective:
        """The objective under test, for embeddings of D dimensions; if it has weights, the same ones on each call."""

    @abstractmethod
    def expected(self, z: np.ndarray) -> float | np.floating:
        """The loss of z[K, P, D] in float64, written from its formula."""

    @abstractmethod
    def best(self, K: int, D: int) -> Tensor | None:
        """Embeddings z[K, P, D], with any P, that reach the bound; None where no bound is known."""

    @abstractmethod
    def uniform(self, P: int, D: int, seed: int) -> Tensor | None:
        """One view [P, D] of uniform embeddings, as `reference` means them; None where their loss is not known."""

    def collapsed(self, K: int, P: int, D: int) -> Tensor:
        """Completely collapsed embeddings z[K, P, D]: all rows are equal."""
        return gaussian(D).expand(K, P, D)

    def of(self, z: Tensor) -> Objective:
        """The objective under test, for embeddings of z's dimension."""
        return self.make(z.shape[-1])

    @pytest.mark.parametrize("shape", SHAPES, ids=str)
    def test_value(self, shape):
        for scale in (0.01, 1.0, 3.0):
            z = scale * gaussian(*shape)
            assert self.of(z)(z).item() == pytest.approx(self.expected(z.numpy()), rel=1e-11)

    @pytest.mark.parametrize("shape", SHAPES, ids=str)
    def test_gradient(self, shape):
        objective, z = self.make(shape[-1]), gaussian(*shape)
        if objective.takes_teacher:
            # Without a teacher the target moves with z, and has no gradient all the same.
            target = gaussian(*shape, seed=3)
            assert torch.autograd.gradcheck(lambda z: objective(z, target), z.requires_grad_())
        else:
            assert torch.autograd.gradcheck(objective, z.requires_grad_())

    def test_a_second_derivative_is_right_or_refused(self):
        z, direction = gaussian(2, 5, 4), gaussian(2, 5, 4, seed=1)
        objective, target = self.make(4), gaussian(2, 5, 4, seed=3)
        targets = (target,) if objective.takes_teacher else ()

        def slope(z: Tensor, again: bool = False) -> Tensor:
            z = z.clone().requires_grad_()
            (gradient,) = torch.autograd.grad(objective(z, *targets), z, create_graph=again)
            along = (gradient * direction).sum()
            return torch.autograd.grad(along, z)[0] if again else along

        try:
            found = slope(z, again=True)
        except RuntimeError as error:
            if "only once" not in str(error):
                raise
            return
        step = 1e-5
        expected = (slope(z + step * direction) - slope(z - step * direction)) / (2 * step)
        assert (found * direction).sum().item() == pytest.approx(expected.item(), rel=1e-4, abs=1e-7)

    @pytest.mark.parametrize("shape", SHAPES, ids=str)
    def test_terms_sum_to_the_loss_and_have_the_same_names_for_all_shapes(self, shape):
        objective, z = self.make(shape[-1]), gaussian(*shape)
        terms = objective.checked_terms(z)
        assert sum(term.item() for term in terms.values()) == pytest.approx(objective(z).item(), rel=1e-12)
        assert list(terms) == list(self.make(4).checked_terms(gaussian(2, 3, 4)))

    def test_order_of_samples_and_views_does_not_matter(self):
        objective, z = self.make(4), gaussian(3, 6, 4)
        loss = objective(z)
        torch.testing.assert_close(objective(z[:, [3, 1, 5, 0, 2, 4]]), loss)
        torch.testing.assert_close(objective(z[[2, 0, 1]]), loss)

    def test_samples_must_stay_with_their_views(self):
        z = gaussian(2, 6, 4)
        shuffled = torch.stack([z[0], z[1].roll(1, 0)])
        assert abs(self.of(z)(shuffled) - self.of(z)(z)) > 1e-3

    def test_length_of_rows(self):
        objective, z = self.make(4), gaussian(2, 6, 4)
        lengths = torch.logspace(-9, 30, 12, dtype=torch.float64).reshape(2, 6, 1)
        assert torch.isclose(objective(lengths * z), objective(z)).item() is self.scale_invariant
        assert torch.isclose(objective((lengths * z).float()).double(), objective(z)).item() is self.scale_invariant

    @pytest.mark.parametrize("shape", [*SHAPES, (2, 40, 7), (3, 8, 60)], ids=str)
    def test_reference_when_collapsed(self, shape):
        objective = self.make(shape[-1])
        reference = objective.reference(*shape)
        loss = objective(self.collapsed(*shape).float()).item()
        assert loss == pytest.approx(reference.collapsed, rel=2e-6, abs=1e-6)
        if reference.best is not None and reference.best != reference.collapsed:
            assert reference.scale(loss) == pytest.approx(0, abs=1e-5)

    @pytest.mark.parametrize(("K", "D"), [(2, 8), (3, 4), (4, 16)])
    def test_reference_at_its_best(self, K, D):
        objective, z = self.make(D), self.best(K, D)
        if z is None:
            assert objective.reference(K, 3 * D, D).best is None
            return
        reference = objective.reference(*z.shape)
        assert reference.best is not None
        loss = objective(z).item()
        assert loss == pytest.approx(reference.best, rel=1e-10, abs=1e-10)
        # A loss that is best at collapse, too, as with a predictor, has no scale.
        assert reference.scale(loss) == (None if reference.best == reference.collapsed else pytest.approx(1))

    @pytest.mark.parametrize("shape", [*SHAPES, (2, 4, 64), (2, 64, 4), (2, 3, 2)], ids=str)
    def test_nothing_is_below_the_bound(self, shape):
        objective = self.make(shape[-1])
        best = objective.reference(*shape).best
        if best is None:
            pytest.skip("no bound is known")
        z = gaussian(*shape).requires_grad_()
        optimizer = torch.optim.Adam([z], lr=0.1)
        for _ in range(60):
            optimizer.zero_grad()
            loss = objective(z)
            assert loss.item() >= best - 1e-10
            loss.backward()
            optimizer.step()

    def test_reference_when_uniform(self):
        for K in range(self.views_needed, 5):
            for P, D in self.uniform_shapes:
                objective = self.make(D)
                reference = objective.reference(K, P, D)
                draws = [self.uniform(P, D, seed) for seed in range(6)]
                if draws[0] is None:
                    assert reference.uniform is None
                    continue
                assert reference.uniform is not None
                losses = np.array([objective(z.expand(K, P, D)).item() for z in draws if z is not None])
                error = 4 * losses.std(ddof=1) / np.sqrt(len(losses))
                least = reference.uniform if reference.best is None else reference.best
                bias = self.uniform_bias * abs(least - reference.collapsed)
                assert losses.mean() == pytest.approx(reference.uniform, abs=error + bias + 1e-12)

    def test_reference_is_in_order(self):
        for P, D in [(2, 1), (2, 2), (3, 64), (64, 1), (64, 64), (256, 2048)]:
            reference = self.make(D).reference(2, P, D)
            best = -np.inf if reference.best is None else reference.best
            uniform = best if reference.uniform is None else reference.uniform
            assert best <= reference.collapsed
            assert best <= uniform
            # The sphere that some are not confined to keeps the others' uniform embeddings above collapse.
            assert uniform <= reference.collapsed + 1e-9 or not self.scale_invariant

    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
    def test_low_precision_is_computed_in_float32(self, dtype):
        objective, z = self.make(6), gaussian(2, 8, 6).to(dtype)
        loss, gradient = value_and_gradient(objective, z.float())
        low_loss, low_gradient = value_and_gradient(objective, z)
        cast_loss, cast_gradient = value_and_gradient(objective, z, autocast=True)
        assert loss.dtype == low_loss.dtype == cast_loss.dtype == torch.float32
        assert loss == low_loss == cast_loss
        assert low_gradient.dtype == dtype
        torch.testing.assert_close(low_gradient, gradient.to(dtype))
        torch.testing.assert_close(cast_gradient, gradient.to(dtype))

    @pytest.mark.parametrize("bad", NOT_FINITE)
    @pytest.mark.parametrize("place", [(0, 0, 0), (1, 4, 2)])
    def test_what_is_not_finite_shows(self, bad, place):
        z = gaussian(2, 5, 3).float()
        z[place] = bad
        assert not self.of(z)(z).isfinite()
        assert not sum(self.of(z).checked_terms(z).values(), torch.tensor(0.0)).isfinite()

    def test_overflow_inside_never_gives_a_wrong_number(self):
        z = 1e30 * gaussian(2, 5, 3).float()
        loss = self.of(z)(z).item()
        assert not np.isfinite(loss) or loss == pytest.approx(self.expected(z.double().numpy()), rel=1e-5)

    @pytest.mark.parametrize(
        "batch",
        {
            "zeros": torch.zeros(2, 6, 4),
            "collapsed": torch.ones(2, 6, 4),
            "zero row": gaussian(2, 6, 4).float() * torch.tensor([1.0, 0, 1, 1, 1, 1])[:, None],
            "zero row in one view": torch.stack(
                [gaussian(6, 4), gaussian(6, 4).index_fill(0, torch.tensor(2), 0)]
            ).float(),
            "duplicated rows": gaussian(2, 3, 4).float().repeat(1, 2, 1),
            "equal views": gaussian(1, 6, 4).float().repeat(2, 1, 1),
            "opposite views": torch.stack([gaussian(6, 4), -gaussian(6, 4)]).float(),
            "constant dimension": gaussian(2, 6, 4).float() * torch.tensor([1.0, 1, 0, 1]),
            "tiny": 1e-20 * gaussian(2, 6, 4).float(),
        }.items(),
        ids=lambda item: item[0],
    )
    def test_degenerate_batches_have_a_finite_loss_and_a_gradient_of_order_one(self, batch):
        loss, gradient = value_and_gradient(self.of(batch[1]), batch[1])
        assert loss.isfinite()
        assert gradient.isfinite().all()
        assert gradient.abs().max() < 100

    def test_a_target_is_for_those_that_take_a_teacher(self):
        objective, z = self.make(4), gaussian(2, 6, 4)
        if objective.takes_teacher:
            assert objective(z, gaussian(2, 6, 4, seed=1)).isfinite()
            assert not objective.takes_towers
        else:
            with pytest.raises(ValueError, match="does not use a teacher"):
                objective(z, z)

    def test_what_takes_towers_leaves_a_projector_free(self):
        objective, projector = self.make(4), nn.Sequential(nn.Linear(4, 4))
        if objective.takes_towers:
            objective.constrain(projector)
            assert list(projector.state_dict()) == ["0.weight", "0.bias"]

    def test_what_it_logs_are_finite_numbers_beside_its_terms(self):
        objective = self.make(4)
        logged = objective.logged()
        assert all(isinstance(name, str) and np.isfinite(value) for name, value in logged.items())
        assert not set(logged) & set(objective.checked_terms(gaussian(2, 6, 4)))
        if objective.min_temperature is not None:
            assert 0 < objective.min_temperature <= logged["temperature"]

    @pytest.mark.parametrize(("P", "D"), [(64, 64), (512, 4)])
    def test_its_cautions_are_sentences(self, P, D):
        cautions = self.make(D).cautions(4, P, D)
        for caution in cautions:
            assert isinstance(caution, Caution)
            assert all((caution.name, caution.evidence, caution.advice))
        assert len({caution.name for caution in cautions}) == len(cautions)

    def test_it_names_a_theory_or_says_why_none_describes_it(self):
        theory = self.make(4).theory(2, 8, 4)
        if isinstance(theory, NotCovered):
            assert theory.reason
            return
        landscape = landscape_of(self.make(4), 2, 8, 4, 0.0)
        assert isinstance(landscape, Landscape), landscape

    def test_what_it_logs_has_names_of_its_own(self):
        logged = self.make(4).logged()
        assert not RESERVED.intersection(logged)

    def test_too_few_views_or_samples(self):
        objective, (K, P) = self.make(3), (self.views_needed, self.samples_needed)
        assert objective(gaussian(K, P, 3)).isfinite()
        for few in [(K - 1, P, 3), (K, P - 1, 3)]:
            with pytest.raises(UsageError, match=rf"^{type(objective).__name__} needs at least .* not [KP] = \d+$"):
                objective(gaussian(*few))
            with pytest.raises(UsageError):
                objective.checked_terms(gaussian(*few))

    @pytest.mark.parametrize("shape", [(3, 24, 6), (3, 6, 8)], ids=str)  # more samples than dimensions, and fewer
    @pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-12)], ids=str)
    @pytest.mark.parametrize("world_size", [2, 3], ids=lambda size: f"{size} ranks")
    def test_loss_and_gradients_on_several_ranks_are_those_on_one(self, world_size, dtype, tolerance, shape):
        loss, gradients = _trained_on_rank(type(self), shape, dtype)
        assert gradients[0].abs().max() > 1e-6
        for rank_loss, rank_gradients in run_on_ranks(world_size, _trained_on_rank, type(self), shape, dtype):
            torch.testing.assert_close(rank_loss, loss, rtol=tolerance, atol=tolerance)
            for gradient, expected in zip(rank_gradients, gradients, strict=True):
                scale = max(1.0, expected.abs().max().item())
                torch.testing.assert_close(gradient, expected, rtol=tolerance, atol=tolerance * scale)


class _Heads(nn.Module):
    """A linear map under an objective, as one module for DDP."""

    def __init__(self, W: Tensor, objective: nn.Module) -> None:
        super().__init__()
        self.W, self.objective = nn.Parameter(W), objective

    def forward(self, h: Tensor) -> Tensor:
        return self.objective(h @ self.W.mT)


def _trained_on_rank(
    case: type[ObjectiveTestCase], shape: tuple[int, int, int], dtype: torch.dtype
) -> tuple[Tensor, list[Tensor]]:
    """Loss and gradients of a batch: under DDP on this rank's samples, without process group on all of them."""
    K, P, D = shape
    h, W = gaussian(K, P, 5, seed=1).to(dtype), gaussian(D, 5, seed=2).to(dtype)
    heads: nn.Module = _Heads(W, case().make(D)).to(dtype)
    if dist.is_initialized():
        heads, h = DistributedDataParallel(heads), h.chunk(dist.get_world_size(), dim=1)[dist.get_rank()]
    loss = heads(h)
    loss.backward()
    return loss.detach(), [p.grad for p in heads.parameters() if p.grad is not None]
