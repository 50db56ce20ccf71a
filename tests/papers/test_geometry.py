"""Experiments of Toward a Geometrical Understanding of Contrastive Learning."""

from typing import ClassVar

import numpy as np
import pytest
import torch

from eigenview.data import open_images
from eigenview.measures import nearest_negatives
from eigenview.papers.geometry.runs import COLOURS, SETTINGS, Snapshot, over_training, snapshots, train_runs
from eigenview.runs import Run
from eigenview.testing.experiments import UNTESTED
from eigenview.training.learner import Learner
from tests.papers.case import PaperExperimentCase


class TestRank(PaperExperimentCase):
    experiment = "geometry/rank"
    repeatable = False
    expected: ClassVar = {
        "rank falls with strength": UNTESTED,
        "full rank with small": "holds",
        "stronger than small helps": UNTESTED,
        "large is best": None,
    }


class TestSpectrum(PaperExperimentCase):
    experiment = "geometry/spectrum"
    repeatable = False
    expected: ClassVar = {
        "encoder keeps rank": UNTESTED,
        "embeddings fall faster": "holds",
        "embeddings lose more": UNTESTED,
    }


class TestBound(PaperExperimentCase):
    experiment = "geometry/bound"
    repeatable = False
    expected: ClassVar = {"upper bound": "holds", "follows training": UNTESTED, "follows first steps": UNTESTED}


class TestDistance(PaperExperimentCase):
    experiment = "geometry/distance"
    repeatable = False
    expected: ClassVar = {"farther with small": "holds", "falls with strength": UNTESTED}


class TestLabels(PaperExperimentCase):
    experiment = "geometry/labels"
    repeatable = False
    expected: ClassVar = {"share rises": "holds", "early and late rise": UNTESTED}


class TestTangent(PaperExperimentCase):
    experiment = "geometry/tangent"
    repeatable = False
    expected: ClassVar = {"unexplained share drops": "holds", "drop comes early": UNTESTED}


@pytest.fixture(scope="module")
def run(run_cache) -> Run:
    return train_runs("smoke", run_cache)["moderate", 0]


@pytest.fixture(scope="module")
def series(run) -> list[Snapshot]:
    return [*snapshots(run, open_images("digits"), 40)]


class TestMoments:
    def test_they_are_before_training_and_at_each_checkpoint(self, series):
        assert [snapshot.step for snapshot in series] == [0, 16, 32, 48]

    def test_the_first_has_the_weights_that_training_begins_with(self, run, series):
        learner = Learner(run.recipe, ((0.5, 0.5, 0.5), (0.25, 0.25, 0.25)), 48)
        W = learner.model.get_parameter("projector.0.weight").detach()
        torch.testing.assert_close(series[0].W, W, rtol=0, atol=0)
        assert not torch.equal(series[1].W, series[0].W)

    def test_embeddings_are_the_features_projected(self, series):
        for snapshot in series:
            torch.testing.assert_close(snapshot.h @ snapshot.W.T, snapshot.z)
            assert snapshot.h.shape == (2, 40, 4 * SETTINGS["smoke"].D)

    def test_views_and_labels_are_the_same_throughout(self, run, series):
        again = [*snapshots(run, open_images("digits"), 40)]
        torch.testing.assert_close(again[-1].h, series[-1].h, rtol=0, atol=0)
        assert all(torch.equal(snapshot.labels, series[0].labels) for snapshot in series)

    def test_what_is_measured_is_in_order(self, run_cache):
        steps, values = over_training("smoke", run_cache, lambda m: (m.step, *nearest_negatives(m.z)[:2].tolist()))
        assert values.shape == (len(COLOURS), 1, len(steps), 3)
        np.testing.assert_array_equal(values[..., 0], np.broadcast_to(steps, values.shape[:3]))
