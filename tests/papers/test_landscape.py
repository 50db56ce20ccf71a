"""Experiments of On Rotational Symmetry in the Loss Landscape of Self-Supervised Learning."""

from typing import ClassVar

from tests.papers.case import ExperimentCase


class TestBeta(ExperimentCase):
    path = "landscape/beta"
    repeatable = False
    expected: ClassVar = {"strengths": "holds", "exponent": "not tested at this scale", "solution": "holds"}
