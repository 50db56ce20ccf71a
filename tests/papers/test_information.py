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
