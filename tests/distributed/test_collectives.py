"""Collectives on 2 and on 3 gloo processes: values and gradients are those of one process.

Where all processes use a result in the same way, each one's gradient is the world size times its share.
"""

import pytest
import torch
from torch.multiprocessing.spawn import spawn

from eigenview.linalg import nuclear_norm
from tests.distributed import worker


@pytest.fixture(scope="module", params=[2, 3], ids=lambda ranks: f"{ranks} ranks")
def found(request, tmp_path_factory):
    """The results of each process."""
    folder = tmp_path_factory.mktemp("ranks")
    spawn(worker.on_a_rank, (request.param, str(folder)), nprocs=request.param)
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(request.param)]


def gradient_of(loss, x):
    x = x.clone().requires_grad_()
    loss(x).backward()
    assert x.grad is not None
    return x.grad


def joined(found, name):
    return torch.cat([each[name] for each in found])


def test_world_size(found):
    assert [each["world size"] for each in found] == [len(found)] * len(found)


def test_all_reduce_sum_sums_the_gradients_of_different_uses(found):
    used = torch.stack([worker.weights(rank) for rank in range(len(found))]).sum(0)
    torch.testing.assert_close(joined(found, "all_reduce_sum, used differently"), used.expand(12, 5))


def test_all_gather_sums_the_gradients_of_different_uses(found):
    x = worker.matrices()["tall"]
    uses = [gradient_of(lambda x, r=rank: (x @ worker.weights(r)).square().sum(), x) for rank in range(len(found))]
    expected = torch.stack(uses).sum(0)
    torch.testing.assert_close(joined(found, "all_gather"), expected)
    for each in found:
        assert torch.equal(each["gathered"], x)


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("mean", lambda x: x.square().mean(1).mean()),
        ("all_reduce_sum_symmetric", lambda x: (x.mT @ x).square().sum()),
        ("covariance", lambda x: x.mT.cov().pow(3).sum()),
    ],
)
def test_identical_use_has_the_gradient_of_one_process_times_the_world_size(name, loss, found):
    expected = gradient_of(loss, worker.matrices()["tall"])
    torch.testing.assert_close(joined(found, name), len(found) * expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", worker.matrices())
def test_nuclear_norm(name, found):
    x = worker.matrices()[name]
    for each in found:
        torch.testing.assert_close(each[f"norm, {name}"], nuclear_norm(x), rtol=1e-12, atol=1e-12)
    expected = len(found) * gradient_of(nuclear_norm, x)
    # Directions of 1e-9 have lost nine of sixteen digits before anyone looks.
    tolerance = 1e-5 if name == "nearly collapsed" else 1e-11
    torch.testing.assert_close(joined(found, f"gradient, {name}"), expected, rtol=0.0, atol=tolerance)


def test_what_is_not_finite_on_one_rank_is_seen_on_all(found):
    assert all(each["norm of what is broken on one rank"].isnan() for each in found)


def test_shapes_that_differ_are_refused_on_all_ranks(found):
    for each in found:
        assert each["refused"].startswith(
            f"batches must have the same shape on every process, but range from [2, 3] to [2, {len(found) + 2}]"
        )
