"""ResNets of On Rotational Symmetry in the Loss Landscape of Self-Supervised Learning, and their last layers."""

from typing import ClassVar

import numpy as np
import pytest
import torch

from eigenview.papers.landscape.last_layers import LastLayer
from eigenview.testing.experiments import UNTESTED
from eigenview.theory.landscape import decayed_origin, infonce_origin, view_covariances
from tests.papers.case import PaperExperimentCase


class TestResnet(PaperExperimentCase):
    experiment = "landscape/resnet"
    repeatable = False
    expected: ClassVar = {
        "saddle at weak noise": "holds",
        "minimum at strong noise": UNTESTED,
        "stable at strong noise": UNTESTED,
        "dimensional collapse": UNTESTED,
        "no value at the origin": "holds",
    }


class TestLastLayer:
    """On Gaussian features: two dimensions of signal, two of nothing but noise."""

    @pytest.fixture(scope="class")
    @staticmethod
    def layer() -> LastLayer:
        generator, size, decay = torch.Generator().manual_seed(0), 200, 0.05
        signal = torch.randn(4000, 4, generator=generator, dtype=torch.float64) * torch.tensor([1.0, 0.8, 0.0, 0.0])
        h = signal + 0.3 * torch.randn(2, 4000, 4, generator=generator, dtype=torch.float64)
        A0, C = view_covariances(h.numpy())

        def second_order(A0: np.ndarray) -> np.ndarray:
            return decayed_origin(infonce_origin(A0, C, 0.5, partner_share=1 / (2 * size - 1)), decay)

        parts = tuple(second_order(view_covariances(part.numpy())[0]) for part in h.chunk(10, 1))
        W = np.diag([0.6, 0.5, 0.2, 0.1])
        return LastLayer(h.split(size, 1), W, second_order(A0), A0 + C, parts, 0.5, decay)

    def test_second_order_is_that_of_the_loss(self, layer):
        curvature, error = layer.curvature(layer.W)
        assert layer.along(np.array([0.02]))[0] / 0.02**2 == pytest.approx(curvature, rel=0.02)
        assert 0 < error < 0.1 * abs(curvature)

    def test_fourth_order_too_for_gaussian_features(self, layer):
        a = np.array([0.15, 0.3])
        without, expected = layer.curvature(layer.W)[0] * a**2, layer.expected(a)
        assert np.abs(layer.along(a) - expected).max() < 0.2 * np.abs(without - expected).max()

    def test_the_loss_falls_along_signal_and_rises_along_noise(self, layer):
        larger, of_larger, smaller, of_smaller = layer.curvature_of_halves
        assert larger < -2 * of_larger
        assert smaller > 2 * of_smaller
        plane = layer.over(np.array([-0.2, 0.0, 0.2]))
        assert plane[2, 1] < plane[1, 1] < plane[1, 2]
        assert plane[0, 1] == pytest.approx(plane[2, 1])

    def test_halves_make_up_the_weight(self, layer):
        larger, smaller = layer.halves
        np.testing.assert_allclose(larger, np.diag([0.6, 0.5, 0, 0]), atol=1e-12)
        np.testing.assert_allclose(larger + smaller, layer.W, atol=1e-12)

    def test_the_best_mode_is_that_of_the_strongest_signal(self, layer):
        best, error = layer.curvature_of_best_mode
        assert best == pytest.approx(-(1.0 / 0.5 - 0.05), abs=5 * error + 0.05)

    def test_directions_do_not_change_with_the_scale(self, layer):
        change, jump = layer.cosine_jump()
        assert change < 1e-9
        assert jump > 0.1
