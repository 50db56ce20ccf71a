"""InfoNCE's upper bound, against the loss it bounds."""

import sys
from itertools import combinations
from math import log

import numpy as np
import pytest
import torch
from torch import Tensor

from eigenview.measures import infonce_bound
from eigenview.objectives import DecoupledInfoNCE
from eigenview.testing import MeasureTestCase
from eigenview.testing.draws import gaussian
from tests.measures.test_alignment_uniformity import ON_THE_SPHERE, views
from tests.memory import Memory

CLOUDS = {
    "near": lambda: views(K=2),
    "unrelated": lambda: gaussian(2, 20, 6),
    "three views": lambda: views(K=3),
    "collapsed": lambda: torch.ones(2, 20, 6, dtype=torch.float64),
    "opposite": lambda: torch.stack([gaussian(20, 6), -gaussian(20, 6)]),
    "two samples": lambda: views(K=2, P=2),
}


class TestInfoNCEBound(MeasureTestCase):
    measure = staticmethod(infonce_bound)
    unchanged_by = ON_THE_SPHERE
    minimum, maximum = -2.0, 10.0

    def cloud(self) -> Tensor:
        return views()


@pytest.fixture(params=CLOUDS.values(), ids=list(CLOUDS))
def z(request) -> Tensor:
    return request.param()


@pytest.mark.parametrize("beta", [0.5, 2.0, 50.0])
def test_the_loss_is_the_objective_and_the_gap_is_bounded(z: Tensor, beta: float):
    found, most = infonce_bound(z, beta), log(2 * (z.shape[1] - 1))
    assert found.loss == pytest.approx(DecoupledInfoNCE(1 / beta)(z).item(), rel=1e-9)
    assert found.bound == pytest.approx(beta * (found.invariance + found.repulsion) + most)
    assert -1e-9 <= found.gap <= most + 1e-9


def test_against_numpy(z: Tensor):
    x = z.numpy() / np.linalg.norm(z.numpy(), axis=-1, keepdims=True)
    partners, nearest = [], []
    for a, b in combinations(x, 2):
        for i in range(len(a)):
            others = np.delete(np.concatenate([a, b]), [i, len(a) + i], axis=0)
            partners.append(a[i] @ b[i])
            nearest.append((others @ a[i]).max())
    found = infonce_bound(z)
    assert found.invariance == pytest.approx(-np.mean(partners), rel=1e-12)
    assert found.repulsion == pytest.approx(np.mean(nearest), rel=1e-12)


def test_where_all_negatives_are_equally_near_there_is_no_gap():
    simplex = torch.eye(9, dtype=torch.float64).expand(2, 9, 9)
    found = infonce_bound(simplex - simplex.mean(1, keepdim=True))
    assert (found.invariance, found.repulsion) == (pytest.approx(-1), pytest.approx(-1 / 8))
    assert found.gap == pytest.approx(0, abs=1e-12)


def test_collapsed_it_is_the_log_of_the_number_of_negatives():
    found = infonce_bound(torch.ones(2, 20, 6))
    assert found.bound == pytest.approx(log(38), rel=1e-6)
    assert found.loss == pytest.approx(log(38), rel=1e-6)


def test_where_the_nearest_negative_is_all_that_counts_the_gap_is_largest():
    assert infonce_bound(gaussian(2, 20, 6), beta=1e6).gap == pytest.approx(log(38), rel=1e-3)


def test_rows_some_at_a_time(monkeypatch: pytest.MonkeyPatch):
    z = gaussian(2, 2000, 4)
    whole = infonce_bound(z)
    monkeypatch.setattr(sys.modules["eigenview.measures.infonce_bound"], "_SCORES", 2**16)
    with Memory() as memory:
        found = infonce_bound(z)
    assert memory.peak < 8 * 2000**2 / 2
    assert vars(found) == pytest.approx(vars(whole), rel=1e-9)


def test_low_precision_under_autocast():
    z = views().float()
    with torch.autocast("cpu", torch.bfloat16):
        found = infonce_bound(z)
    assert vars(found) == pytest.approx(vars(infonce_bound(z)), rel=1e-6)


def test_too_little_is_refused():
    with pytest.raises(ValueError, match=r"bound needs .* at least 2 views of each sample, not 1"):
        infonce_bound(views(K=1))
    with pytest.raises(ValueError, match=r"bound needs .* at least 2 samples, not 1"):
        infonce_bound(views(P=1))
    with pytest.raises(ValueError, match="beta must be positive"):
        infonce_bound(views(), beta=0.0)
