"""Matrices that theory takes are checked, made exactly symmetric, and rid of rounding errors."""

import numpy as np
import pytest

from eigenview.theory.matrices import EIGENVALUE_ROUNDING, covariance, layer, same_size, significant, symmetric


def draw(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_matrix_that_is_symmetric_to_its_dtype_becomes_exactly_so(dtype):
    M = draw(0, 6, 6)
    A = (M @ M.T).astype(dtype)
    A[0, 1] *= 1 + np.finfo(dtype).eps
    for checked in (symmetric(A, "A"), covariance(A, "A")):
        assert checked.dtype == np.float64
        assert (checked == checked.T).all()
        np.testing.assert_allclose(checked, M @ M.T, rtol=0, atol=8 * np.finfo(dtype).eps * np.abs(A).max())


def test_a_singular_matrix_is_a_covariance_and_an_indefinite_one_is_not():
    x = draw(1, 5, 2)
    np.testing.assert_allclose(covariance(x @ x.T, "A"), x @ x.T)
    with pytest.raises(ValueError, match=r"^A0 is not a covariance: it has a negative eigenvalue, -1"):
        covariance(np.diag([1.0, -1.0]), "A0")


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize(
    ("A", "message"),
    [
        (np.ones((2, 3)), r"B must be a square matrix, not of shape \(2, 3\)"),
        (np.ones(3), r"B must be a square matrix, not of shape \(3,\)"),
        (np.ones((0, 0)), "B must be a square matrix"),
        (np.array([[np.nan]]), "B is not finite"),
        (np.array([[1.0, 2.0], [0.0, 1.0]]), "B must be symmetric: it differs from its transpose by 2 at 2"),
    ],
)
def test_what_is_not_symmetric_is_refused(A, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        symmetric(A, "B")


def test_matrices_of_different_sizes_are_refused():
    same_size(A0=np.eye(2), C=np.ones((2, 2)))
    with pytest.raises(ValueError, match=r"^matrices must have the same size, not A0 \(2, 2\), C \(3, 3\)$"):
        same_size(A0=np.eye(2), C=np.eye(3))


@pytest.mark.usefixtures("as_users_call")
def test_a_layer_has_as_many_columns_as_inputs():
    assert layer(np.ones((4, 3), np.float32), 3).dtype == np.float64
    for W in (np.ones((3, 4)), np.ones(3), np.full((2, 3), np.inf)):
        with pytest.raises(ValueError, match=r"^W must be finite and \[outputs, 3\]; its shape is"):
            layer(W, 3)


def test_eigenvalues_below_rounding_become_zero():
    values = 5.0 * np.array(
        [1.0, -1.0, 2 * EIGENVALUE_ROUNDING, -2 * EIGENVALUE_ROUNDING, EIGENVALUE_ROUNDING / 2, 0.0]
    )
    np.testing.assert_array_equal(significant(values), [*values[:4], 0, 0])
    np.testing.assert_array_equal(significant(values, scale=1.0), [*values[:5], 0])
    np.testing.assert_array_equal(significant(values, scale=100.0), [*values[:2], 0, 0, 0, 0])
    assert significant(np.zeros(0)).shape == (0,)


@pytest.mark.parametrize("seed", range(5))
def test_what_an_eigensolver_leaves_of_zeros_is_below_rounding(seed):
    x = draw(seed, 40, 7)
    assert (significant(np.linalg.eigvalsh(x @ x.T)) != 0).sum() == 7
