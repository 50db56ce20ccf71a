"""The losses of linear networks, and what constraints make of them."""

from itertools import combinations, pairwise

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from eigenview._errors import UsageError
from eigenview.objectives import TraceAlignment, TraceContrastive
from eigenview.testing import ObjectiveTestCase
from eigenview.testing.draws import gaussian


class TestTraceContrastive(ObjectiveTestCase):
    scale_invariant = False

    def make(self, D=4):
        return TraceContrastive()

    def expected(self, z):
        K, P, _ = z.shape
        losses = []
        for a, b in combinations(range(K), 2):
            for i in range(P):
                negatives = [z[a, i] @ z[b, j] for j in range(P) if j != i]
                losses.append(np.mean(negatives) - z[a, i] @ z[b, i])
        return np.mean(losses)

    def best(self, K, D):
        return None

    def uniform(self, P, D, seed):
        return None

    def test_a_bias_makes_no_difference(self):
        z = gaussian(2, 6, 4)
        torch.testing.assert_close(self.make()(z + 3 * gaussian(4, seed=1)), self.make()(z))


class TestTraceAlignment(ObjectiveTestCase):
    scale_invariant = False
    samples_needed = 1

    def make(self, D=4):
        return TraceAlignment()

    def expected(self, z):
        return np.mean([-(z[a] * z[b]).sum(-1).mean() for a, b in combinations(range(len(z)), 2)])

    def collapsed(self, K, P, D):
        # Collapsed elsewhere it has any value below.
        return torch.zeros(K, P, D)

    def best(self, K, D):
        return None

    def uniform(self, P, D, seed):
        return None


D_IN, Z, P = 6, 3, 50


def pair(objective: TraceContrastive | TraceAlignment) -> tuple[Tensor, Tensor]:
    """Two views of inputs, and the symmetric C of which the loss of Wx is Tr WCWᵀ: two eigenvalues below 0.

    Views agree in two dimensions and disagree, by sign, in the others.
    """
    x = gaussian(P, D_IN) * torch.tensor([2.0, 1.5, 1.0, 0.8, 0.6, 0.5])
    other = x * torch.tensor([1.0, 0.9, -0.5, -0.6, -0.7, -0.8]) + 0.05 * gaussian(P, D_IN, seed=1)
    a, b, over = x, other, P
    if type(objective) is TraceContrastive:
        a, b, over = x - x.mean(0), other - other.mean(0), P - 1
    cross = a.T @ b / over
    C = -(cross + cross.T) / 2
    assert (torch.linalg.eigvalsh(C) < 0).sum() == 2
    return torch.stack([x, other]), C


def trained(projector: nn.Module, objective: TraceAlignment, x: Tensor, steps: int, lr: float) -> float:
    """The loss after plain gradient steps, their length falling to 0."""
    optimizer = torch.optim.SGD(projector.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        optimizer.zero_grad()
        objective(projector(x)).backward()
        optimizer.step()
        schedule.step()
    return objective(projector(x)).item()


def linear(*widths: int) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = [nn.Linear(i, o, bias=False) for i, o in pairwise(widths)]
        return nn.Sequential(*layers).double()


KINDS = [TraceContrastive, TraceAlignment]


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_of_a_linear_map_is_a_trace(kind) -> None:
    x, C = pair(kind())
    W = gaussian(Z, D_IN)
    assert kind()(x @ W.T).item() == pytest.approx(torch.trace(W @ C @ W.T).item(), rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_constraint_outputs_diverge_in_one_direction(kind) -> None:
    """Prop. 1: all outputs have the same dynamics."""
    objective, projector = kind(), linear(D_IN, Z)
    x, _ = pair(objective)
    objective.constrain(projector)
    assert [name for name, _ in projector.named_parameters()] == ["0.weight"]
    assert trained(projector, objective, x, steps=200, lr=0.1) < -1e6
    singular = torch.linalg.svdvals(projector(x).flatten(0, 1))
    assert singular[1] < 1e-3 * singular[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("constraint", "widths"),
    [("orthogonal", (D_IN, D_IN + Z, Z)), ("scaled", (D_IN, Z)), ("scaled", (D_IN, D_IN + Z, Z))],
)
def test_constrained_it_reaches_the_sum_of_the_negative_eigenvalues(kind, constraint, widths) -> None:
    """Prop. 3: of the min(z, m) most negative, here of m = 2."""
    objective, projector = kind(constraint), linear(*widths)
    x, C = pair(objective)
    objective.constrain(projector)
    loss = trained(projector, objective, x, steps=500, lr=0.05)
    assert loss == pytest.approx(torch.linalg.eigvalsh(C).clamp_max(0).sum().item(), rel=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_are_few_are_orthonormal(kind) -> None:
    """One layer with z rows: the sum of the z least eigenvalues, whatever their sign."""
    objective, projector = kind("orthogonal"), linear(D_IN, Z)
    x, C = pair(objective)
    objective.constrain(projector)
    loss = trained(projector, objective, x, steps=500, lr=0.05)
    assert loss == pytest.approx(torch.linalg.eigvalsh(C)[:Z].sum().item(), rel=1e-3)


def test_frobenius_leaves_one_direction() -> None:
    """Prop. 2: the most negative eigenvalue, in rank one."""
    objective, projector = TraceContrastive("frobenius"), linear(D_IN, Z)
    x, C = pair(objective)
    objective.constrain(projector)
    loss = trained(projector, objective, x, steps=400, lr=0.1)
    assert loss == pytest.approx(torch.linalg.eigvalsh(C)[0].item(), rel=1e-3)
    singular = torch.linalg.svdvals(projector(x).flatten(0, 1))
    assert singular[1] < 1e-2 * singular[0]


@pytest.mark.parametrize("constraint", ["orthogonal", "scaled", "frobenius"])
@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.AdamW])
def test_constraints_hold_after_every_step_also_under_decay(constraint, optimizer) -> None:
    objective, projector = TraceContrastive(constraint), linear(D_IN, 8, 5).float()
    objective.constrain(projector)
    steps = optimizer(projector.parameters(), lr=0.3, weight_decay=0.1)
    x = gaussian(2, P, D_IN).float()
    for _ in range(20):
        steps.zero_grad()
        objective(projector(x)).backward()
        steps.step()
        for layer in projector:
            W = layer.weight.double()
            singular = torch.linalg.svdvals(W)
            if constraint == "orthogonal":
                torch.testing.assert_close(singular, torch.ones_like(singular), rtol=0, atol=1e-6)
            else:
                norm = singular[0] if constraint == "scaled" else singular.norm()
                assert norm.item() == pytest.approx(1, abs=1e-6)


def test_a_weight_of_zero_stays_there() -> None:
    projector = linear(D_IN, Z)
    nn.init.zeros_(next(projector.parameters()))
    TraceContrastive("scaled").constrain(projector)
    TraceContrastive()(projector(gaussian(2, P, D_IN))).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in projector.parameters())


def test_constraints_that_cannot_be() -> None:
    with pytest.raises(UsageError, match=r"^unknown constraint 'scald': did you mean 'scaled'\?$"):
        TraceContrastive("scald")
    with pytest.raises(UsageError, match=r"^constraint 'scaled' needs a projector with a linear layer"):
        TraceAlignment("scaled").constrain(nn.Sequential())
