"""Experiments of On Rotational Symmetry in the Loss Landscape of Self-Supervised Learning."""

from typing import ClassVar

from tests.papers.case import UNTESTED, ExperimentCase


class TestBeta(ExperimentCase):
    path = "landscape/beta"
    repeatable = False
    expected: ClassVar = {"strengths": "holds", "exponent": UNTESTED, "solution": "holds"}
