"""On one process it equals torch's; on several, the tests of the objectives that use it compare them with one."""

import pytest
import torch
from torch import nn

from eigenview.distributed import SyncBatchNorm


@pytest.fixture
def both() -> tuple[SyncBatchNorm, nn.BatchNorm1d]:
    ours, theirs = SyncBatchNorm(5), nn.BatchNorm1d(5)
    with torch.no_grad():
        ours.weight.copy_(torch.arange(1, 6))
        ours.bias.copy_(torch.linspace(-1, 1, 5))
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


def test_values_gradients_and_running_statistics(both):
    results = []
    for norm in both:
        norm.double()
        x = torch.randn(7, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
        norm(x).pow(3).sum().backward()
        norm.eval()
        results.append((norm(x), x.grad, norm.weight.grad, norm.bias.grad, norm.running_mean, norm.running_var))
    torch.testing.assert_close(*results)


def test_it_computes_in_the_precision_of_its_rows(both):
    x = torch.randn(7, 5, dtype=torch.float64)
    expected = both[1].double()(x)
    assert both[0](x).dtype == torch.float64
    torch.testing.assert_close(both[0](x), expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("factor", [1e30, torch.inf, torch.nan])
def test_a_variance_that_overflows_shows(both, factor):
    assert not both[0](factor * torch.randn(7, 5)).isfinite().any()
