"""Projectors of Toward a Geometrical Understanding of Contrastive Learning."""

from typing import ClassVar

from eigenview.testing.experiments import UNTESTED
from tests.papers.case import PaperExperimentCase


class TestProjector(PaperExperimentCase):
    experiment = "geometry/projector"
    repeatable = False
    expected: ClassVar = {
        "deep and wide helps": UNTESTED,
        "wider explains more": "holds",
        "deeper explains more": UNTESTED,
        "linear subspace": UNTESTED,
    }
