"""Rotated points of Toward a Geometrical Understanding of Contrastive Learning."""

from typing import ClassVar

from tests.papers.case import PaperExperimentCase


class TestRotations(PaperExperimentCase):
    experiment = "geometry/rotations"
    expected: ClassVar = {"rank grows with range": "holds", "invariant map": "holds", "cells passed": "holds"}
