"""Somebody's own experiment inherits the contract of those that are built in."""

from typing import ClassVar

from eigenview.testing import ExperimentTestCase


class TestFall(ExperimentTestCase):
    experiment = "my_experiment:FALL"
    expected: ClassVar = {"finite": "holds"}
