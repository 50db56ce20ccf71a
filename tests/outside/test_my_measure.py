"""Somebody's own measure inherits the contract of those that are built in."""

from my_measure import norm_spread

from eigenview.testing import MeasureTestCase


class TestNormSpread(MeasureTestCase):
    measure = staticmethod(norm_spread)
    unchanged_by = frozenset({"samples permuted", "dimensions permuted", "views permuted", "rotated", "scaled"})
