"""Experiments of What Do We Maximize in Self-Supervised Learning."""

from typing import ClassVar

from tests.papers.case import UNTESTED, ExperimentCase


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
    expected: ClassVar = {
        "they learn": UNTESTED,
        "no collapse": "holds",
        "entropy is best": UNTESTED,
        "better than what it replaces": UNTESTED,
    }


class TestBound(ExperimentCase):
    path = "information/bound"
    repeatable = False
    expected: ClassVar = {
        "a bound": "holds",
        "it ranks": UNTESTED,
        "invariance ranks": UNTESTED,
    }
