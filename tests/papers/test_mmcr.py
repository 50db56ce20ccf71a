"""Experiments of Towards an Improved Understanding and Utilization of Maximum Manifold Capacity Representations."""

from typing import ClassVar

from tests.papers.case import ExperimentCase


class TestBound(ExperimentCase):
    path = "mmcr/bound"
    expected: ClassVar = {
        "falls": "holds",
        "peak": "holds",
        "Marchenko–Pastur": "holds",
        "lowest loss": "fails",
    }


class TestDoubleDescent(ExperimentCase):
    path = "mmcr/double-descent"
    expected: ClassVar = {"peak": "holds", "either side": "holds", "above uniform": "holds", "agreement": "holds"}


class TestScaling(ExperimentCase):
    path = "mmcr/scaling"
    repeatable = False
    expected: ClassVar = dict.fromkeys(
        ("power law", "higher on the diagonal", "flatter on the diagonal"), "not tested at this scale"
    )


class TestMultimodal(ExperimentCase):
    path = "mmcr/multimodal"
    repeatable = False
    expected: ClassVar = {
        **dict.fromkeys(("small batches", "lead shrinks", "best batch", "peak"), "not tested at this scale"),
        "centroids": "holds",
    }
