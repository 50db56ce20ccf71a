"""Projectors of Toward a Geometrical Understanding of Contrastive Learning."""

from typing import ClassVar

from tests.papers.case import UNTESTED, ExperimentCase


class TestProjector(ExperimentCase):
    path = "geometry/projector"
    repeatable = False
    expected: ClassVar = {
        "accuracy": UNTESTED,
        "wider": "holds",
        "deeper": UNTESTED,
        "linearised": UNTESTED,
    }
