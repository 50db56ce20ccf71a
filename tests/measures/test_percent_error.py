"""Percent error, and what uniform embeddings reach."""

from math import pi, sqrt

import numpy as np
import pytest
import torch
from torch import Tensor

from eigenview.linalg import chunking as blocks
from eigenview.measures import excess_percent_error, percent_error
from eigenview.objectives import MMCR
from eigenview.testing import MeasureTestCase
from eigenview.testing.draws import gaussian
from tests.measures.test_alignment_uniformity import ON_THE_SPHERE, VIEWS, views
from tests.memory import Memory

SHAPES = pytest.mark.parametrize(("P", "D"), [(30, 7), (7, 30), (16, 16)], ids=str)


class TestPercentError(MeasureTestCase):
    measure = staticmethod(percent_error)
    unchanged_by = VIEWS
    minimum, maximum = 0.0, 1.0

    def cloud(self) -> Tensor:
        return views()


class TestPercentErrorOfRows(MeasureTestCase):
    measure = staticmethod(percent_error)
    unchanged_by = ON_THE_SPHERE
    minimum, maximum = 0.0, 1.0


class TestExcessPercentError(MeasureTestCase):
    measure = staticmethod(excess_percent_error)
    unchanged_by = VIEWS
    minimum, maximum = -1.0, 1.0

    def cloud(self) -> Tensor:
        return views()


@SHAPES
def test_it_is_the_loss_on_the_scale_of_its_bound(P: int, D: int):
    z = views(P=P, D=D)
    assert percent_error(z) == pytest.approx(1 + MMCR()(z).item() / sqrt(P * min(P, D)), abs=1e-9)
    unit = (z / z.norm(dim=2, keepdim=True)).mean(0).numpy()
    assert percent_error(z) == pytest.approx(1 - np.linalg.norm(unit, "nuc") / sqrt(P * min(P, D)), abs=1e-12)


@SHAPES
def test_complete_collapse(P: int, D: int):
    assert percent_error(torch.ones(2, P, D)) == pytest.approx(1 - 1 / sqrt(min(P, D)))
    assert percent_error(torch.zeros(2, P, D)) == 1


def test_orthonormal_rows_and_tight_frames_reach_none():
    assert percent_error(torch.eye(12)[:9]) == pytest.approx(0, abs=1e-12)
    angles = 2 * pi * torch.arange(11, dtype=torch.float64) / 11
    frame = torch.stack([angles.cos(), angles.sin()], 1)
    assert percent_error(frame) == pytest.approx(0, abs=1e-12)
    assert -0.1 < excess_percent_error(frame) < 0


def test_views_that_cancel_leave_no_centroid():
    assert percent_error(torch.stack([gaussian(9, 5), -gaussian(9, 5)])) == pytest.approx(1)


@pytest.mark.parametrize(("P", "D"), [(400, 100), (100, 400), (200, 200)], ids=str)
def test_uniform_embeddings_have_no_excess(P: int, D: int):
    assert excess_percent_error(gaussian(P, D)) == pytest.approx(0, abs=2e-3)
    assert excess_percent_error(gaussian(P, D).expand(3, P, D)) == pytest.approx(0, abs=2e-3)


def test_at_as_many_samples_as_dimensions_the_limit_is_known():
    x = gaussian(300, 300)
    assert percent_error(x) - excess_percent_error(x) == pytest.approx(1 - 8 / (3 * pi))


def test_streamed_it_is_the_same(monkeypatch: pytest.MonkeyPatch):
    # More than 2²⁰ entries of centroids.
    z = torch.randn(2, 9000, 120, generator=torch.Generator().manual_seed(0))
    monkeypatch.setattr(blocks, "_BYTES", 2**20)
    with Memory() as memory:
        found = percent_error(z)
    assert memory.peak < 8 * 2**20
    centroids = torch.nn.functional.normalize(z.double(), dim=2).mean(0)
    expected = 1 - torch.linalg.svdvals(centroids).sum().item() / sqrt(9000 * 120)
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("measure", [percent_error, excess_percent_error])
def test_no_row_is_refused(measure):
    with pytest.raises(ValueError, match="at least 1 samples, not 0"):
        measure(torch.empty(0, 4))


def test_one_row_has_its_direction():
    assert percent_error(torch.ones(1, 5)) == pytest.approx(0, abs=1e-12)
