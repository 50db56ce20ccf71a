"""LiDAR, where the covariances are known."""

from math import exp

import numpy as np
import pytest
import scipy.linalg
import torch
from torch import Tensor

from eigenview.linalg import chunking as blocks
from eigenview.measures import lidar
from eigenview.testing import MeasureTestCase
from eigenview.testing.draws import gaussian
from tests.measures.test_alignment_uniformity import views
from tests.memory import Memory


class TestLiDAR(MeasureTestCase):
    measure = staticmethod(lidar)
    # Not scaled, because of the ridge.
    unchanged_by = frozenset({"samples permuted", "views permuted", "dimensions permuted", "rotated", "shifted"})
    minimum, maximum = 1.0, 6.0

    def cloud(self) -> Tensor:
        return views()


def known(between: list[float], within: list[float]) -> Tensor:
    """Two views a sample, with exactly these variances of centroids and within samples, along rotated axes."""
    D = len(between)
    P = 4 * D
    # Columns of ±1 that are orthogonal to each other and to a constant.
    signs = torch.from_numpy(scipy.linalg.hadamard(P)).double()
    centroids = signs[:, 1 : D + 1] * torch.tensor(between, dtype=torch.float64).mul((P - 1) / P).sqrt()
    # Views at ±w: their unbiased variance is 2w².
    apart = signs[:, D + 1 : 2 * D + 1] * torch.tensor(within, dtype=torch.float64).div(2).sqrt()
    Q = torch.linalg.qr(gaussian(D, D)).Q
    return torch.stack([centroids + apart, centroids - apart]) @ Q + 3


@pytest.mark.parametrize("ridge", [1e-4, 0.5])
def test_known_covariances(ridge: float):
    between, within = [4.0, 2.0, 1.0, 0.5], [0.3, 1.0, 0.01, 2.0]
    ratios = np.array(between) / (np.array(within) + ridge)
    shares = ratios / ratios.sum()
    assert lidar(known(between, within), ridge) == pytest.approx(exp(-(shares * np.log(shares)).sum()), rel=1e-5)


def test_all_directions_alike_count_all():
    assert lidar(known([2.0] * 8, [0.5] * 8)) == pytest.approx(8, rel=1e-5)
    # So they do whatever augmentation does, if samples differ in proportion.
    assert lidar(known([4, 3, 2, 1], [0.4, 0.3, 0.2, 0.1]), ridge=1e-9) == pytest.approx(4, rel=1e-5)


def test_what_augmentation_moves_does_not_count():
    assert lidar(known([1.0] * 4, [1e-2, 1e-2, 1e4, 1e4])) == pytest.approx(2, rel=1e-3)


def test_against_scipy():
    z = views(K=4, P=30, D=5).numpy()
    centroids = z.mean(0)
    within = sum(np.cov(sample.T) for sample in z.transpose(1, 0, 2)) / 30 + 1e-4 * np.eye(5)
    values = scipy.linalg.eigh(np.cov(centroids.T), within, eigvals_only=True)
    shares = values / values.sum() + 1e-7
    assert lidar(torch.from_numpy(z)) == pytest.approx(np.exp(-(shares * np.log(shares)).sum()), rel=1e-9)


def test_a_line_of_samples_is_one_direction_until_views_are_shuffled():
    z = gaussian(500, 1) * gaussian(6) + 0.01 * gaussian(3, 500, 6, seed=2)
    assert lidar(z) == pytest.approx(1, abs=0.01)
    shuffled = torch.stack([view.roll(k, 0) for k, view in enumerate(z)])
    # What is between classes of different samples is what is within them, along every direction.
    assert lidar(shuffled, ridge=1e-9) == pytest.approx(6, rel=0.01)


def test_complete_collapse_is_nothing():
    assert lidar(torch.full((3, 20, 6), 0.1)) == 0


def test_fewer_samples_than_dimensions():
    assert 1 <= lidar(views(P=5, D=40)) <= 4 * (1 + 1e-3)


@pytest.mark.parametrize("scale", [1e5, 1e7, 1e12])
def test_a_ridge_below_the_rounding_of_large_variances(scale: float):
    assert 1 <= lidar(scale * views(P=5, D=40)) <= 4 * (1 + 1e-3)


def test_streamed_it_is_the_same(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(blocks, "_BYTES", 2**17)
    z = torch.randn(2, 10_000, 50, generator=torch.Generator().manual_seed(0))
    with Memory() as memory:
        found = lidar(z)
    assert memory.peak < 6 * 2**17 + 8 * (8 * 50**2)
    monkeypatch.undo()
    assert found == pytest.approx(lidar(z), rel=1e-10)


def test_too_little_is_refused():
    with pytest.raises(ValueError, match=r"LiDAR needs .* at least 2 views of each sample, not 1"):
        lidar(views(K=1))
    with pytest.raises(ValueError, match=r"LiDAR needs .* at least 2 samples, not 1"):
        lidar(views(P=1))
    with pytest.raises(ValueError, match="ridge must be positive"):
        lidar(views(), ridge=0.0)
