"""Rotated points of Toward a Geometrical Understanding of Contrastive Learning."""

from typing import ClassVar

from tests.papers.case import ExperimentCase


class TestRotations(ExperimentCase):
    path = "geometry/rotations"
    expected: ClassVar = {"grows": "holds", "invariant map": "holds", "cells": "holds"}
