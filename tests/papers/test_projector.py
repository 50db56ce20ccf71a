"""Projectors of Toward a Geometrical Understanding of Contrastive Learning."""

from typing import ClassVar

from tests.papers.case import ExperimentCase


class TestProjector(ExperimentCase):
    path = "geometry/projector"
    repeatable = False
    expected: ClassVar = {
        "accuracy": "not tested at this scale",
        "local fit": "not tested at this scale",
        "linearised": "not tested at this scale",
    }
