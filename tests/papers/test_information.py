"""Experiments of What Do We Maximize in Self-Supervised Learning."""

from typing import ClassVar

from eigenview.testing.experiments import UNTESTED
from tests.papers.case import PaperExperimentCase


class TestEstimators(PaperExperimentCase):
    experiment = "information/estimators"
    expected: ClassVar = {
        "pairwise bounds": "holds",
        "LogDet bound": "holds",
        "bounds meet": "holds",
        "tighter than LogDet": "holds",
    }


class TestGaussianity(PaperExperimentCase):
    experiment = "information/gaussianity"
    repeatable = False
    expected: ClassVar = {
        "normal at small noise": "holds",
        "less normal with noise": "holds",
        "covariance of local map": "holds",
    }


class TestObjectives(PaperExperimentCase):
    experiment = "information/objectives"
    repeatable = False
    expected: ClassVar = {
        "beats untrained net": UNTESTED,
        "no collapse": "holds",
        "entropy is best": UNTESTED,
        "beats its baseline": UNTESTED,
    }


class TestBound(PaperExperimentCase):
    experiment = "information/bound"
    repeatable = False
    expected: ClassVar = {
        "bounds the distance": "holds",
        "sum ranks nets": UNTESTED,
        "invariance ranks nets": UNTESTED,
    }
