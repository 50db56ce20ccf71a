"""Experiments of Representation Learning Dynamics of Self-Supervised Models."""

from typing import ClassVar

from tests.papers.case import UNTESTED, ExperimentCase


class TestHalfMoons(ExperimentCase):
    path = "dynamics/half-moons"
    expected: ClassVar = {"diverges": "holds", "rank one": "holds", "scaled converges": "holds"}


class TestWidth(ExperimentCase):
    path = "dynamics/width"
    expected: ClassVar = {"tanh": "holds", "ReLU": "fails", "sigmoid": "holds"}


class TestFlow(ExperimentCase):
    path = "dynamics/flow"
    expected: ClassVar = {
        "same end": "holds",
        "printed limit": "fails",
        "derived limit": "holds",
        "width": "holds",
        "two limits": "holds",
    }


class TestMnist(ExperimentCase):
    path = "dynamics/mnist"
    expected: ClassVar = {
        "cost of descent": UNTESTED,
        "cost of flow": UNTESTED,
        "accuracy": "holds",
    }
