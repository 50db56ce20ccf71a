"""Nonlinear nets of On Rotational Symmetry in the Loss Landscape of Self-Supervised Learning."""

from typing import ClassVar

from tests.papers.case import UNTESTED, ExperimentCase


class TestNonlinear(ExperimentCase):
    path = "landscape/nonlinear"
    repeatable = False
    expected: ClassVar = {
        "even": "holds",
        "similar to linear": "holds",
        "second order": "holds",
        "three regimes": UNTESTED,
        "collapse": UNTESTED,
    }
