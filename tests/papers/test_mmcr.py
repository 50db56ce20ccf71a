"""Experiments of Towards an Improved Understanding and Utilization of Maximum Manifold Capacity Representations."""

from typing import ClassVar

from eigenview.testing.experiments import UNTESTED
from tests.papers.case import PaperExperimentCase


class TestBound(PaperExperimentCase):
    experiment = "mmcr/bound"
    expected: ClassVar = {
        "power law of the gap": "holds",
        "peak at P = D": "holds",
        "Marchenko–Pastur": "holds",
        "uniform is optimal": "fails",
    }


class TestDoubleDescent(PaperExperimentCase):
    experiment = "mmcr/double-descent"
    expected: ClassVar = {
        "peak at P = D": "holds",
        "fall on either side": "holds",
        "above uniform": "holds",
        "disagreement of views": "holds",
    }


class TestScaling(PaperExperimentCase):
    experiment = "mmcr/scaling"
    repeatable = False
    expected: ClassVar = {
        "power law": UNTESTED,
        "higher at P = D": "holds",
        "slower at P = D": UNTESTED,
    }


class TestMultimodal(PaperExperimentCase):
    experiment = "mmcr/multimodal"
    repeatable = False
    expected: ClassVar = {
        **dict.fromkeys(("MMCR wins at small P", "lead shrinks with P", "best batch size", "peak at P = D"), UNTESTED),
        "centroid length": "holds",
    }
