"""Experiments of Representation Learning Dynamics of Self-Supervised Models."""

from typing import ClassVar

from eigenview.testing.experiments import UNTESTED
from tests.papers.case import PaperExperimentCase


class TestHalfMoons(PaperExperimentCase):
    experiment = "dynamics/half-moons"
    expected: ClassVar = {"loss diverges": "holds", "outputs become alike": "holds", "scaled loss converges": "holds"}


class TestWidth(PaperExperimentCase):
    experiment = "dynamics/width"
    expected: ClassVar = {"wide tanh": "holds", "wide ReLU": "fails", "wide sigmoid": "holds"}


class TestFlow(PaperExperimentCase):
    experiment = "dynamics/flow"
    expected: ClassVar = {
        "same final loss": "holds",
        "printed flow is the limit": "fails",
        "derived flow is the limit": "holds",
        "independent of width": "holds",
        "two end points": "holds",
    }


class TestMnist(PaperExperimentCase):
    experiment = "dynamics/mnist"
    expected: ClassVar = {
        "cost grows with width": UNTESTED,
        "flow is faster": UNTESTED,
        "equal accuracy": "holds",
    }
