"""Nonlinear nets of On Rotational Symmetry in the Loss Landscape of Self-Supervised Learning."""

from typing import ClassVar

from tests.papers.case import ExperimentCase


class TestNonlinear(ExperimentCase):
    path = "landscape/nonlinear"
    repeatable = False
    expected: ClassVar = {
        "even": "holds",
        "similar to linear": "holds",
        "second order": "holds",
        "three regimes": "not tested at this scale",
        "collapse": "not tested at this scale",
    }
