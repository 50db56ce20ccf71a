"""Experiments of What Do We Maximize in Self-Supervised Learning."""

from typing import ClassVar

from tests.papers.case import ExperimentCase


class TestEstimators(ExperimentCase):
    path = "information/estimators"
    expected: ClassVar = {
        "pairwise bounds": "holds",
        "LogDet bound": "holds",
        "exact ends": "holds",
        "tighter than LogDet": "holds",
    }


class TestGaussianity(ExperimentCase):
    path = "information/gaussianity"
    repeatable = False
    expected: ClassVar = {"normal near an image": "holds", "less with noise": "holds", "local map": "holds"}


class TestObjectives(ExperimentCase):
    path = "information/objectives"
    repeatable = False
    expected: ClassVar = dict.fromkeys(
        ("they learn", "entropy is best", "better than what it replaces"), "not tested at this scale"
    )


class TestBound(ExperimentCase):
    path = "information/bound"
    repeatable = False
    expected: ClassVar = {
        "a bound": "holds",
        "it ranks": "not tested at this scale",
        "invariance ranks": "not tested at this scale",
    }
