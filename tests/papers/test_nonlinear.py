"""Nonlinear nets of On Rotational Symmetry in the Loss Landscape of Self-Supervised Learning."""

from typing import ClassVar

from eigenview.testing.experiments import UNTESTED
from tests.papers.case import PaperExperimentCase


class TestNonlinear(PaperExperimentCase):
    experiment = "landscape/nonlinear"
    repeatable = False
    expected: ClassVar = {
        "even in W": "holds",
        "like linear nets": "holds",
        "second order": "holds",
        "three regimes": UNTESTED,
        "collapse where stable": UNTESTED,
    }
