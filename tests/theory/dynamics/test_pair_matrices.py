"""C against the losses that it stands for, and against its expectation."""

import numpy as np
import pytest

from eigenview.theory.dynamics import contrastive_matrix, non_contrastive_matrix


def draws(N: int, d: int = 4, noise: float = 0.3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Anchors, partners by noise, and other samples."""
    generator = np.random.default_rng(0)
    x, other = (generator.normal(size=(N, d)) * np.arange(1, d + 1) for _ in range(2))
    return x, x + noise * generator.normal(size=x.shape), other


def test_they_are_the_losses_of_a_linear_map():
    x, positives, negatives = draws(7)
    W = np.random.default_rng(1).normal(size=(2, 4))
    f, partner, other = (rows @ W.T for rows in (x, positives, negatives))
    loss = (f * (other - partner)).sum()
    assert np.trace(W @ contrastive_matrix(x, positives, negatives) @ W.T) == pytest.approx(loss)
    assert np.trace(W @ non_contrastive_matrix(x, positives) @ W.T) == pytest.approx(-(f * partner).sum())


def test_a_sample_is_expected_to_give_minus_the_covariance():
    N = 200_000
    C = contrastive_matrix(*draws(N)) / N
    np.testing.assert_allclose(C, -np.diag(np.arange(1, 5) ** 2), atol=0.15)


@pytest.mark.usefixtures("as_users_call")
def test_rows_that_do_not_pair_up_are_refused():
    x, positives, negatives = draws(5)
    with pytest.raises(ValueError, match="the same shape"):
        contrastive_matrix(x, positives[:4], negatives)
    with pytest.raises(ValueError, match="the same shape"):
        non_contrastive_matrix(x[0], positives[0])
    with pytest.raises(ValueError, match="not finite"):
        non_contrastive_matrix(x, np.full_like(x, np.nan))
    with pytest.raises(ValueError, match="too large"):
        contrastive_matrix(1e200 * x, 1e200 * positives, 1e200 * negatives)
