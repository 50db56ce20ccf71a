"""Several processes give the loss and the gradients of one, for every objective, with little traffic."""

import pytest
import torch
from torch.multiprocessing.spawn import spawn

from tests.objectives import ranks as work

CASES = sorted(work.cases())
# Functions of a Gram matrix or a covariance need no embeddings of other ranks, only sums of D×D.
# By how many halves of one they send: an objective's class, or a test case where only some of its forms are such.
BY_SUMS = {
    "BarlowTwins": work.K * (work.K - 1),  # whole matrices, one for each pair of views
    "MMCR": 1,
    "SpectralContrastive": work.K,
    "TestBYOL": 0,  # its batch norm has means and variances
    "TestBYOLLogDet": work.K,
    "TestInvarianceLogDet": work.K,
    "TestSimSiam": 0,
    "TraceAlignment": 0,
    "TraceContrastive": 0,  # a mean of each view
    "VICReg": work.K,
}


@pytest.fixture(scope="module", params=[2, 3], ids=lambda ranks: f"{ranks} ranks")
def results(request, tmp_path_factory):
    """What each rank found."""
    folder = tmp_path_factory.mktemp("ranks")
    spawn(work.on_a_rank, (request.param, str(folder)), nprocs=request.param)
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(request.param)]


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-12)], ids=str)
@pytest.mark.parametrize("name", CASES)
def test_loss_and_gradients_are_those_of_one_process(name, dtype, tolerance, results):
    require_equal([found[f"{name}-{dtype}"] for found in results], work.one_process(name, dtype), tolerance)


@pytest.mark.parametrize("name", CASES)
def test_with_fewer_samples_than_dimensions_too(name, results):
    expected = work.one_process(name, torch.float64, *work.WIDE)
    require_equal([found[f"{name}-wide"] for found in results], expected, 1e-12)


def require_equal(shares, expected, tolerance):
    """Every rank's loss and gradients are those of one process."""
    assert expected["gradients"][0].abs().max() > 1e-6
    for share in shares:
        torch.testing.assert_close(share["loss"], expected["loss"], rtol=tolerance, atol=tolerance)
        for gradient, wanted in zip(share["gradients"], expected["gradients"], strict=True):
            scale = max(1.0, wanted.abs().max().item())
            torch.testing.assert_close(gradient, wanted, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("name", CASES)
def test_traffic(name, results):
    objective = type(work.cases()[name]().make()).__name__
    halves = BY_SUMS.get(name, BY_SUMS.get(objective))
    if halves is None:
        pytest.skip(f"{objective} is no function of a covariance, or {name} is not the case that shows it")
    D, K = work.D, work.K
    few = 3 * K * D + 8  # means, variances, scalars
    for found in results:
        assert 0 < found[f"{name}-bytes"]["elements"] <= halves * D * (D + 1) // 2 + few
