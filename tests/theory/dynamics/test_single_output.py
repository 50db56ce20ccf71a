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


def test_the_derived_flow_ends_elsewhere_where_the_least_eigenvalue_is_zero():
    values, q = np.array([0.0, 0.5, 1.0]), np.array([0.4, 0.4, -0.5])
    end = flow(np.diag(values), q[None], np.array([100.0])).W[0, 0]
    n, start, kept = end @ end, q @ q, q[0] ** 2 / (q @ q)
    assert n**4 / (1 - n) ** 3 == pytest.approx(start**4 / (1 - start) ** 3 * kept**4, rel=1e-5)
    assert abs(n - np.sum(single_output_limit(values, q) ** 2)) > 0.01


@pytest.mark.parametrize("size", [1e-9, 1e6, 1e12])
def test_scale_is_but_a_unit_of_time(size):
    values, q, times = np.array([-0.5, 0.3, 1.0]), np.array([0.3, 0.4, -0.5]), np.array([0.5, 1.0, 2.0])
    scaled = single_output_flow(size * values, q, times / size)
    np.testing.assert_allclose(scaled, single_output_flow(values, q, times), rtol=1e-9)


@pytest.mark.parametrize("length", [1e-10, 1e-100, 1e-200])
def test_however_short_it_grows_to_the_limit(length):
    """While q is short, it is e^{−2Λt}q."""
    values, q = np.array([-1.0, 0.5]), length * np.array([0.6, 0.8])
    np.testing.assert_array_equal(single_output_limit(values, q), [1, 0])
    early, late = single_output_flow(values, q, np.array([1.0, 300.0]))
    np.testing.assert_allclose(early, q * np.exp(-2 * values), rtol=1e-6, atol=1e-150)
    np.testing.assert_allclose(late, [1, 0], atol=1e-6)


def test_the_sphere_is_met_to_the_rounding_of_q():
    for seed in range(10):
        q = np.random.default_rng(seed).normal(size=50).astype(np.float32)
        q /= np.linalg.norm(q)
        assert np.linalg.norm(single_output_limit(np.linspace(0.1, 1, 50), q)) == pytest.approx(1)
    with pytest.raises(ValueError, match=r"not 1\.00001"):
        single_output_limit(np.ones(2), np.array([1.00001, 0.0], dtype=np.float32))


def test_long_times_and_late_starts_are_as_short_and_early_ones():
    values, q = np.array([-0.5, 0.3, 1.0]), np.array([1e-5, 0.4, 0.5])
    late = single_output_flow(values, q, np.array([1.0, 1e3, 1e9]))
    np.testing.assert_allclose(late[0], single_output_flow(values, q, np.array([0.0, 1.0]))[1], rtol=1e-8)
    np.testing.assert_allclose(late[1:], [[1, 0, 0]] * 2, atol=1e-9)


@pytest.mark.usefixtures("as_users_call")
def test_what_cannot_be_is_refused():
    for arguments, words in [
        ((np.ones(2), np.zeros(3)), "the same length"),
        ((np.ones(2), np.ones(2)), "length of at most 1"),
        ((np.array([np.nan, 1.0]), np.zeros(2)), "not finite"),
    ]:
        with pytest.raises(ValueError, match=words):
            single_output_limit(*arguments)
    with pytest.raises(ValueError, match="increasing"):
        single_output_flow(np.ones(2), np.zeros(2), np.array([1.0, 1.0]))
