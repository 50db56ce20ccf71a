"""Projectors with hidden layers, around each sample."""

import sys
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from eigenview.measures import (
    displacements,
    local_projectors,
    nearest_negatives,
    nullspace_shares,
    projector_rank,
    unexplained_variance,
)
from eigenview.testing import MeasureTestCase
from eigenview.testing.draws import gaussian

A, B = gaussian(7, 5, seed=1), gaussian(4, 7, seed=2)


def linear(h: Tensor) -> Tensor:
    return h @ A[:3].to(h.dtype).mT


def relu(h: Tensor) -> Tensor:
    return (h @ A.to(h.dtype).mT).relu() @ B.to(h.dtype).mT


@pytest.mark.parametrize("samples", [20, 3])
def test_a_linear_projector_is_the_same_everywhere(samples, monkeypatch):
    monkeypatch.setattr(sys.modules["eigenview.measures.local_projectors"], "_BYTES", 8 * 3 * 5 * samples)
    h, W = gaussian(3, 20, 5), A[:3]
    found, removed = local_projectors(linear, h), nullspace_shares(W, h)
    assert found.rank == found.min_rank == found.max_rank == projector_rank(W) == 3
    delta = displacements(h, nearest_negatives(h @ W.mT))
    assert found.unexplained == pytest.approx(unexplained_variance(W, delta))
    assert found.within == pytest.approx(removed.within)
    assert found.between == pytest.approx(removed.between)
    assert found.isotropic == pytest.approx(removed.isotropic)


def test_jacobians_of_two_layers_by_hand():
    h = gaussian(2, 20, 5)
    found = local_projectors(relu, h, tolerance=0.0)
    delta = displacements(h, nearest_negatives(torch.stack([relu(h[0]), relu(h[1])])))
    left, ranks = torch.zeros(2, dtype=torch.float64), []
    for i in range(20):
        W = B @ torch.diag((A @ h[0, i] > 0).double()) @ A
        ranks.append(float(torch.linalg.matrix_rank(W)))
        away = torch.eye(5, dtype=torch.float64) - torch.linalg.pinv(W) @ W
        left += torch.stack([(away @ move).square().sum() for move in (delta[i], h[1, i] - h[0, i])])
    assert (found.rank, found.min_rank, found.max_rank) == (sum(ranks) / 20, min(ranks), max(ranks))
    assert min(ranks) < max(ranks)
    assert found.unexplained == pytest.approx(float(left[0] / delta.square().sum()))
    assert found.within == pytest.approx(float(left[1] / (h[1] - h[0]).square().sum()))


def test_units_that_are_off_see_nothing():
    found = local_projectors(lambda h: (h - 100).relu(), gaussian(2, 20, 5))
    assert (found.rank, found.unexplained, found.within, found.isotropic) == (0, 1, 1, 1)


def module() -> nn.Sequential:
    """Drawn without the global generator, and with running moments that matter."""
    net = nn.Sequential(nn.Linear(5, 7), nn.BatchNorm1d(7), nn.ReLU(inplace=True), nn.Linear(7, 4, bias=False))
    with torch.no_grad():
        for parameter, value in ((net[0].weight, A), (net[0].bias, torch.linspace(-1, 1, 7)), (net[3].weight, B)):
            assert isinstance(parameter, Tensor)
            parameter.copy_(value)
    net[1].running_var = torch.linspace(0.5, 2, 7)
    return net.eval()


def test_a_module_with_batch_norm_by_hand():
    net, h = module(), gaussian(2, 20, 5)
    scales = 1 / (torch.linspace(0.5, 2, 7, dtype=torch.float64) + 1e-5).sqrt()
    bias = net[0].bias.detach().double()  # pyright: ignore[reportCallIssue]
    by_hand = local_projectors(lambda x: ((x @ A.mT + bias) * scales).relu() @ B.mT, h)
    assert vars(local_projectors(net, h)) == pytest.approx(vars(by_hand), rel=1e-4)
    assert all(parameter.grad is None for parameter in net.parameters())


@pytest.mark.parametrize(
    ("layer", "name"), [(nn.BatchNorm1d(5), "BatchNorm1d '0'.*training"), (nn.Dropout(), "Dropout '0'.*training")]
)
def test_a_module_in_training_is_refused(layer, name):
    with pytest.raises(ValueError, match=name):
        local_projectors(nn.Sequential(layer), gaussian(2, 6, 5))


def test_batch_norm_without_running_moments_is_refused():
    net = nn.Sequential(nn.BatchNorm1d(5, track_running_stats=False)).eval()
    with pytest.raises(ValueError, match="no running mean"):
        local_projectors(net, gaussian(2, 6, 5))


@pytest.mark.parametrize("shape", [(1, 6, 5), (2, 1, 5)], ids=str)
def test_too_few_views_or_samples_are_refused(shape):
    with pytest.raises(ValueError, match=r"at least 2 (views|samples)"):
        local_projectors(relu, gaussian(*shape))


def test_embeddings_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="not finite"):
        local_projectors(lambda h: h.log(), gaussian(2, 6, 5))


class TestLocalProjectors(MeasureTestCase):
    measure = staticmethod(partial(local_projectors, relu))
    unchanged_by = frozenset({"samples permuted", "scaled"})
    minimum, maximum = 0, 5

    def cloud(self) -> Tensor:
        return gaussian(3, 24, 5) + gaussian(24, 5, seed=2)
