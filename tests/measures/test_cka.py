"""Linear CKA: what it ignores, what it does not, and its value by chance."""

from functools import partial
from math import sqrt

import numpy as np
import pytest
import torch
from torch import Tensor

from eigenview.linalg import chunking as blocks
from eigenview.measures import linear_cka
from eigenview.testing import MeasureTestCase
from eigenview.testing.draws import gaussian, rotation
from eigenview.testing.measures import TRANSFORMATIONS
from tests.memory import Memory

OTHER = gaussian(48, 8, seed=11) + gaussian(48, 1)


class TestLinearCKA(MeasureTestCase):
    measure = staticmethod(partial(linear_cka, y=OTHER))
    # The other features stay as they are: samples that are permuted alone are no longer the same.
    unchanged_by = frozenset({"dimensions permuted", "rotated", "scaled", "shifted"})
    minimum, maximum = 0.0, 1.0


def cloud(N: int = 48, D: int = 8, seed: int = 0) -> Tensor:
    return gaussian(N, D, seed=seed) * torch.logspace(0, -1, D, dtype=torch.float64) + 0.5


def by_numpy(x: Tensor, y: Tensor) -> float:
    """By the Gram matrices of samples: Tr KHLH/√(Tr KHKH · Tr LHLH)."""
    H = np.eye(len(x)) - 1 / len(x)
    K, L = (H @ part.numpy() @ part.numpy().T @ H for part in (x, y))
    return np.trace(K @ L) / sqrt(np.trace(K @ K) * np.trace(L @ L))


SHAPES = pytest.mark.parametrize(
    ("N", "D", "E"), [(40, 6, 9), (40, 6, 60), (40, 60, 6), (20, 30, 25), (20, 20, 1)], ids=str
)


@SHAPES
def test_it_is_the_alignment_of_the_samples_gram_matrices(N: int, D: int, E: int):
    x, y = cloud(N, D), cloud(N, E, seed=1) + gaussian(N, 1)
    assert linear_cka(x, y) == pytest.approx(by_numpy(x, y), rel=1e-9)
    assert linear_cka(y, x) == pytest.approx(linear_cka(x, y), rel=1e-9)


@SHAPES
def test_features_are_like_themselves_rotated_scaled_and_shifted(N: int, D: int, E: int):
    x = cloud(N, D)
    Q = rotation(D)
    assert linear_cka(x, x) == pytest.approx(1)
    assert linear_cka(x, -3 * x @ Q + 2) == pytest.approx(1)
    assert linear_cka(x, torch.nn.functional.pad(x @ Q, (0, E))) == pytest.approx(1)


def test_a_general_linear_map_lowers_it():
    x = cloud()
    assert linear_cka(x, TRANSFORMATIONS["dimensions stretched"](x)) < 0.95


def test_samples_in_another_order_are_not_the_same():
    x = gaussian(500, 5)
    assert linear_cka(x, x.roll(1, 0)) < 0.1


def test_orthogonal_features_have_nothing_in_common():
    Q = torch.linalg.qr(torch.cat([torch.ones(30, 1, dtype=torch.float64), gaussian(30, 8)], 1)).Q[:, 1:]
    assert linear_cka(Q[:, :3] + 5, Q[:, 3:]) == pytest.approx(0, abs=1e-12)
    # One of two directions is shared: ‖QᵀR‖² = 1, and each norm is √2.
    assert linear_cka(Q[:, :2], Q[:, 1:3]) == pytest.approx(1 / 2)


def test_features_that_do_not_vary_have_nothing_in_common_with_any():
    for shape in ((48, 3), (48, 90)):
        assert linear_cka(torch.full(shape, 0.1), OTHER) == 0


@pytest.mark.parametrize(
    ("N", "D", "E"), [(1000, 100, 100), (1000, 300, 50), (300, 300, 300), (200, 400, 800)], ids=str
)
def test_independent_features_reach_what_the_docstring_says(N: int, D: int, E: int):
    expected = sqrt(D * E / ((N + D) * (N + E)))
    assert linear_cka(gaussian(N, D), gaussian(N, E, seed=1)) == pytest.approx(expected, rel=0.05)


def test_large_features_are_streamed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(blocks, "_BYTES", 2**17)
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.randn(8_000, D, generator=generator).half() for D in (60, 40))
    with Memory() as memory:
        linear_cka(x, y)
    assert memory.peak < 6 * 2**17 + 8 * (8 * 60**2) < 8 * x.numel() / 2


@pytest.mark.parametrize("shape", [(48, 8), (48, 100)], ids=str)
@pytest.mark.parametrize("side", [0, 1])
def test_either_side_that_is_not_finite_is_refused(shape: tuple[int, int], side: int):
    pair = [cloud(*shape), cloud(*shape)]
    pair[side][3, 1] = torch.inf
    with pytest.raises(ValueError, match="not finite"):
        linear_cka(*pair)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match="same samples, not 48 and 47 rows"):
        linear_cka(cloud(), cloud(47))
    for x in (gaussian(1, 3), torch.empty(0, 3), torch.empty(5, 0)):
        with pytest.raises(ValueError, match="at least two rows and a dimension"):
            linear_cka(x, x)
