"""Experiments of On Rotational Symmetry in the Loss Landscape of Self-Supervised Learning."""

from typing import ClassVar

from eigenview.testing.experiments import UNTESTED
from tests.papers.case import PaperExperimentCase


class TestBeta(PaperExperimentCase):
    experiment = "landscape/beta"
    repeatable = False
    expected: ClassVar = {"critical strengths": "holds", "exponent ½": UNTESTED, "eigenvalues": "holds"}


class TestInfonce(PaperExperimentCase):
    experiment = "landscape/infonce"
    repeatable = False
    expected: ClassVar = {"σ⁻⁴ law": "holds", "no collapse": "holds", "eigenvalues": "holds"}


class TestWeighted(PaperExperimentCase):
    experiment = "landscape/weighted"
    repeatable = False
    expected: ClassVar = {"collapse with α = 0.1": "fails", "no collapse with any α": "holds"}


class TestNormalised(PaperExperimentCase):
    experiment = "landscape/normalised"
    repeatable = False
    expected: ClassVar = {"early collapse": "holds", "number of modes": UNTESTED}
