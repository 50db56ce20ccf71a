"""The printed formulas against the loss: weighted InfoNCE collapses by the print only."""

import numpy as np
import pytest

from eigenview.theory.landscape import (
    effective_landscape,
    infonce_origin,
    modes_of,
    printed_critical_sizes,
    printed_weighted_origin,
)
from tests.theory.landscape.matrices import covariances


def test_the_print_has_weighted_infonce_collapse_and_the_loss_does_not():
    A0, C = covariances(1, 4, noise=25.0)
    sizes = printed_critical_sizes(A0, C, 0.1)
    assert (sizes > 2).all()
    for N in (2, 10, 50, 1000):
        assert modes_of(printed_weighted_origin(A0, C, 0.1, N)).surviving == (sizes < N).sum()
        assert effective_landscape("infonce", A0, C, partner_share=0.1 / (N - 0.9)).survivors() == 4
        assert modes_of(infonce_origin(A0, C, partner_share=0.1 / (N - 0.9))).surviving == 4


def test_numbers_out_of_range_are_refused():
    with pytest.raises(ValueError, match="N must"):
        printed_weighted_origin(np.eye(2), np.eye(2), 0.1, 0)
    with pytest.raises(ValueError, match="alpha"):
        printed_critical_sizes(np.eye(2), np.eye(2), 1.0)
