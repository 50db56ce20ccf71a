"""One output: limits against integration, integration against lengths and directions in closed form."""

import numpy as np
import pytest

from eigenview.theory.dynamics import flow, single_output_flow, single_output_limit

CASES = {
    "all positive": ([0.5, 1.0, 2.0], 0.8),
    "one negative": ([-0.5, 1.0, 2.0], 0.8),
    "two equal and negative": ([-0.5, -0.5, 2.0], 0.3),
    "on the sphere, all positive": ([0.5, 1.0, 2.0], 1.0),
    "on the sphere, one negative": ([-0.5, 1.0, 2.0], 1.0),
    "least is zero": ([0.0, 1.0, 2.0], 0.8),
    "least is zero, on the sphere": ([0.0, 1.0, 2.0], 1.0),
    "all zero": ([0.0, 0.0, 0.0], 0.6),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("seed", range(3))
def test_it_ends_at_the_limit(case, seed):
    values, length = CASES[case]
    q = np.random.default_rng(seed).normal(size=3)
    q *= length / np.linalg.norm(q)
    reached = single_output_flow(np.array(values), q, np.array([0.0, 60.0]))[-1]
    np.testing.assert_allclose(reached, single_output_limit(np.array(values), q), atol=1e-5)


def test_a_direction_that_it_has_no_part_in_is_not_found():
    values, q = np.array([-1.0, 0.5, 1.0]), np.array([0.0, 0.6, 0.3])
    assert not single_output_limit(values, q).any()
    reached = single_output_flow(values, q, np.array([0.0, 30.0]))[-1]
    np.testing.assert_allclose(reached, 0, atol=1e-5)


def test_both_signs_of_the_first_axis_are_limits():
    values, q = np.array([-1.0, 0.5]), np.array([0.1, 0.6])
    np.testing.assert_allclose(single_output_limit(values, q), [1, 0])
    np.testing.assert_allclose(single_output_limit(values, -q), [-1, 0])
    assert not single_output_limit(values, np.zeros(2)).any()


def test_length_and_direction_obey_their_own_equations():
    values, q = np.array([-0.4, 0.3, 1.0]), np.array([0.3, 0.4, -0.5])
    step = 1e-4
    before, at, after = single_output_flow(values, q, np.array([0.3 - step, 0.3, 0.3 + step]))
    n, w = at @ at, at / np.linalg.norm(at)
    mean = w @ (values * w)
    assert (after @ after - before @ before) / (2 * step) == pytest.approx(-4 * n * (1 - n) * mean, rel=1e-5)
    turned = (after / np.linalg.norm(after) - before / np.linalg.norm(before)) / (2 * step)
    np.testing.assert_allclose(turned, -(2 - n) * (values * w - mean * w), rtol=1e-5)


def test_it_is_the_printed_flow_at_half_its_speed():
    values, q = np.array([-0.4, 0.3, 1.0]), np.array([[0.3, 0.4, -0.5]])
    times = np.array([0.0, 0.5, 1.0])
    whole = flow(np.diag(values), q, times / 2, "printed").W[:, 0]
    np.testing.assert_allclose(single_output_flow(values, q[0], times), whole, atol=1e-7)


@pytest.mark.usefixtures("as_users_call")
def test_what_cannot_be_is_refused():
    for arguments, words in [
        ((np.ones(2), np.zeros(3)), "one length"),
        ((np.ones(2), np.ones(2)), "no longer than 1"),
        ((np.array([np.nan, 1.0]), np.zeros(2)), "not finite"),
    ]:
        with pytest.raises(ValueError, match=words):
            single_output_limit(*arguments)
    with pytest.raises(ValueError, match="rise"):
        single_output_flow(np.ones(2), np.zeros(2), np.array([1.0, 1.0]))
