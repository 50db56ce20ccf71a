"""Experiments of Toward a Geometrical Understanding of Contrastive Learning."""

from typing import ClassVar

import numpy as np
import pytest
import torch

from eigenview.data import open_images
from eigenview.measures import nearest_negatives
from eigenview.papers.geometry.runs import COLOURS, SETTINGS, Moment, moments, over_training, runs_of
from eigenview.runs import Run
from eigenview.training.learner import Learner
from tests.papers.case import UNTESTED, ExperimentCase


class TestRank(ExperimentCase):
    path = "geometry/rank"
    repeatable = False
    expected: ClassVar = {"rank falls": UNTESTED, "full rank": "holds", "accuracy": UNTESTED, "largest is best": None}


class TestSpectrum(ExperimentCase):
    path = "geometry/spectrum"
    repeatable = False
    expected: ClassVar = {"full encoder": UNTESTED, "projector falls": "holds", "projector more": UNTESTED}


class TestBound(ExperimentCase):
    path = "geometry/bound"
    repeatable = False
    expected: ClassVar = {"bound": "holds", "tracks": UNTESTED, "from the start": UNTESTED}


class TestDistance(ExperimentCase):
    path = "geometry/distance"
    repeatable = False
    expected: ClassVar = {"small is far": "holds", "in order": UNTESTED}


class TestLabels(ExperimentCase):
    path = "geometry/labels"
    repeatable = False
    expected: ClassVar = {"rises": "holds", "early and late": UNTESTED}


class TestTangent(ExperimentCase):
    path = "geometry/tangent"
    repeatable = False
    expected: ClassVar = {"drops": "holds", "at once": UNTESTED}


@pytest.fixture(scope="module")
def run(trainer) -> Run:
    return runs_of("smoke", trainer)["moderate", 0]


@pytest.fixture(scope="module")
def taken(run) -> list[Moment]:
    return [*moments(run, open_images("digits"), 40)]


class TestMoments:
    def test_they_are_before_training_and_at_each_checkpoint(self, taken):
        assert [moment.step for moment in taken] == [0, 16, 32, 48]

    def test_the_first_has_the_weights_that_training_begins_with(self, run, taken):
        learner = Learner(run.recipe, ((0.5, 0.5, 0.5), (0.25, 0.25, 0.25)), 48)
        W = learner.model.get_parameter("projector.0.weight").detach()
        torch.testing.assert_close(taken[0].W, W, rtol=0, atol=0)
        assert not torch.equal(taken[1].W, taken[0].W)

    def test_embeddings_are_the_features_projected(self, taken):
        for moment in taken:
            torch.testing.assert_close(moment.h @ moment.W.T, moment.z)
            assert moment.h.shape == (2, 40, 4 * SETTINGS["smoke"].D)

    def test_views_and_labels_are_the_same_throughout(self, run, taken):
        again = [*moments(run, open_images("digits"), 40)]
        torch.testing.assert_close(again[-1].h, taken[-1].h, rtol=0, atol=0)
        assert all(torch.equal(moment.labels, taken[0].labels) for moment in taken)

    def test_what_is_measured_is_in_order(self, trainer):
        steps, values = over_training("smoke", trainer, lambda m: (m.step, *nearest_negatives(m.z)[:2].tolist()))
        assert values.shape == (len(COLOURS), 1, len(steps), 3)
        np.testing.assert_array_equal(values[..., 0], np.broadcast_to(steps, values.shape[:3]))
