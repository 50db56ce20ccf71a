"""Intrinsic dimensions of clouds whose dimension is known."""

from functools import partial
from math import log

import pytest
import torch
from torch import Tensor

from eigenview.measures import local_dimension, two_nn
from eigenview.testing import MeasureTestCase
from eigenview.testing.draws import gaussian, rotation


def uniform(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def torus(N: int, d: int, seed: int = 0) -> Tensor:
    """A flat torus: d dimensions without an edge, in 2d."""
    angle = 2 * torch.pi * uniform(N, d, seed=seed)
    return torch.cat([angle.cos(), angle.sin()], 1)


def swiss_roll(N: int) -> Tensor:
    """A rolled up sheet, dense alike everywhere, in ten dimensions."""
    length, height = (0.2 + 0.8 * uniform(N, 2, seed=1)).T
    turn = 4 * torch.pi * length.sqrt()
    roll = torch.stack([turn * turn.cos(), turn * turn.sin(), 40 * height], 1)
    return torch.nn.functional.pad(roll, (0, 7)) @ rotation(10)


@pytest.mark.parametrize("measure", [two_nn, local_dimension, partial(local_dimension, k=5)], ids=["two", "20", "5"])
@pytest.mark.parametrize(
    ("cloud", "d"),
    [(torus(3000, 1), 1), (torus(3000, 2), 2), (torus(3000, 4), 4), (swiss_roll(3000), 2)],
    ids=["circle", "torus", "four", "swiss roll"],
)
def test_manifolds_have_their_own_dimension(measure, cloud, d):
    assert measure(cloud) == pytest.approx(d, rel=0.08)


@pytest.mark.parametrize("measure", [two_nn, local_dimension])
def test_a_subspace_has_its_own_dimension_wherever_it_lies(measure):
    x = gaussian(2000, 3)
    embedded = torch.nn.functional.pad(x, (0, 9)) @ rotation(12) + 5
    assert measure(embedded) == pytest.approx(measure(x), rel=1e-9)
    assert measure(embedded) == pytest.approx(3, rel=0.1)


def test_error_falls_as_one_over_the_root_of_the_rows():
    """Log ratios on a circle are exponential with mean 1, so the estimate's deviation is 1/√N, and a little more."""
    errors = torch.tensor([two_nn(torus(400, 1, seed)) - 1 for seed in range(30)])
    assert 0.6 < errors.square().mean().sqrt() * 400**0.5 < 1.8


def test_by_hand():
    """On a line at 0, 1, 3, 7: ratios 3, 2, 3/2, 3/2 and 6/4 of distances (1, 3), (1, 2), (2, 3), (4, 6)."""
    x = torch.tensor([[0.0], [1.0], [3.0], [7.0]])
    assert two_nn(x) == pytest.approx(4 / (log(3) + log(2) + 2 * log(1.5)))
    assert local_dimension(x, 2) == pytest.approx(two_nn(x))
    # All three neighbours: (1, 3, 7), (1, 2, 6), (2, 3, 4), (4, 6, 7).
    logs = [log(7), log(7 / 3), log(6), log(3), log(2), log(4 / 3), log(7 / 4), log(7 / 6)]
    assert local_dimension(x, 3) == pytest.approx(8 / sum(logs))


def test_rows_with_a_duplicate_are_dropped():
    x = gaussian(300, 3)
    far = torch.cat([x, torch.full((2, 3), 1e6, dtype=torch.float64)])
    assert two_nn(far) == pytest.approx(two_nn(x), rel=1e-9)
    assert local_dimension(far) == pytest.approx(local_dimension(x), rel=1e-9)
    with pytest.raises(ValueError, match="duplicate"):
        two_nn(torch.cat([x, x]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: two_nn(gaussian(2, 5)), "at least 3 rows, not 2"),
        (lambda: local_dimension(gaussian(20, 5)), "at least 21 rows, not 20"),
        (lambda: local_dimension(gaussian(20, 5), k=1), "at least 2 neighbours, not 1"),
        (lambda: two_nn(torch.eye(5)), "equally far"),
        (lambda: two_nn(torch.ones(5, 2)), "duplicate"),
    ],
)
def test_what_has_no_dimension_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


class TestTwoNN(MeasureTestCase):
    measure = staticmethod(two_nn)
    unchanged_by = frozenset({"samples permuted", "dimensions permuted", "rotated", "scaled", "shifted"})


class TestLocalDimension(MeasureTestCase):
    measure = staticmethod(local_dimension)
    unchanged_by = TestTwoNN.unchanged_by
