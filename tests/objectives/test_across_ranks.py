"""What ranks send each other, for every objective: as little as it can be. That they agree is in the case itself."""

import importlib
import pkgutil
from pathlib import Path

import pytest
from torch import Tensor
from torch import distributed as dist

from eigenview.testing import ObjectiveTestCase, run_on_ranks
from eigenview.testing.draws import gaussian
from tests import objectives

K, P, D = 3, 480, 6
# Functions of a Gram matrix or a covariance need no embeddings of other ranks, only sums of D×D.
# By how many halves of one they send: an objective's class, or a test case where only some of its forms are such.
BY_SUMS = {
    "BarlowTwins": K * (K - 1),  # whole matrices, one for each pair of views
    "MMCR": 1,
    "SpectralContrastive": K,
    "TestBYOL": 0,  # its batch norm has means and variances
    "TestBYOLLogDet": K,
    "TestInvarianceLogDet": K,
    "TestSimSiam": 0,
    "TraceAlignment": 0,
    "TraceContrastive": 0,  # a mean of each view
    "VICReg": K,
}


def cases() -> dict[str, type[ObjectiveTestCase]]:
    """Every concrete test case of this package, by name."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name.startswith("test_"):
            importlib.import_module(f"{objectives.__name__}.{module.name}")

    def below(case: type) -> list[type]:
        return [found for child in case.__subclasses__() for found in (child, *below(child))]

    found = [case for case in below(ObjectiveTestCase) if not getattr(case, "__abstractmethods__", None)]
    return {case.__name__: case for case in found if case.__module__.startswith(f"{objectives.__name__}.")}


def elements_sent(case: type[ObjectiveTestCase]) -> int:
    """Numbers that this rank hands to collectives in one step, forward and backward."""
    z = gaussian(K, P, D, seed=1).float().chunk(dist.get_world_size(), dim=1)[dist.get_rank()].clone().requires_grad_()
    objective = case().make(D)
    sent = 0

    def counting(call):
        def counted(*arguments, **options):
            nonlocal sent
            first = next(a for a in arguments if isinstance(a, Tensor))
            sent += first.numel() if first.is_floating_point() else 0
            return call(*arguments, **options)

        return counted

    calls = {key: getattr(dist, key) for key in ("all_reduce", "all_gather", "reduce_scatter", "broadcast")}
    try:
        for key, call in calls.items():
            setattr(dist, key, counting(call))
        objective(z).backward()
    finally:
        for key, call in calls.items():
            setattr(dist, key, call)
    return sent


@pytest.mark.parametrize("world_size", [2, 3], ids=lambda size: f"{size} ranks")
@pytest.mark.parametrize("name", sorted(cases()))
def test_traffic(name, world_size):
    case = cases()[name]
    objective = type(case().make()).__name__
    halves = BY_SUMS.get(name, BY_SUMS.get(objective))
    if halves is None:
        pytest.skip(f"{objective} is not a function of a covariance, or {name} is not the case that shows it")
    few = 3 * K * D + 8  # means, variances, scalars
    for elements in run_on_ranks(world_size, elements_sent, case):
        assert 0 < elements <= halves * D * (D + 1) // 2 + few
