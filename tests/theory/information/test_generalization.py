"""The terms of the generalization bound, by projectors written out."""

import numpy as np
import pytest

from eigenview.theory.information import label_generalization_terms

n, m, D, c = 30, 50, 6, 3


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def projector(Z: np.ndarray) -> np.ndarray:
    """I − Zᵀ(ZZᵀ)†Z with samples in columns, as printed."""
    return np.eye(Z.shape[1]) - Z.T @ np.linalg.pinv(Z @ Z.T) @ Z


FEATURES = {
    "full rank": draw(n, D, seed=1),
    "deficient": draw(n, 2, seed=1) @ draw(2, D, seed=2),
    "wide": draw(4, D, seed=1),
}


@pytest.mark.parametrize("features", FEATURES.values(), ids=FEATURES)
def test_terms_by_hand(features):
    Y, views, known = draw(len(features), c, seed=3), draw(2, m, D, seed=4), draw(m, c, seed=5)
    found = label_generalization_terms(features, Y, views, known)
    assert found.invariance == pytest.approx(np.mean([np.linalg.norm(a - b) for a, b in zip(*views, strict=True)]))
    assert found.labeled == pytest.approx(np.linalg.norm(projector(features.T) @ Y) / len(Y) ** 0.5, abs=1e-12)
    assert found.unlabeled == pytest.approx(2 * np.linalg.norm(projector(views[0].T) @ known) / m**0.5)
    np.testing.assert_allclose(found.W, (np.linalg.pinv(features) @ Y).T, atol=1e-12)


def test_of_all_least_squares_solutions_w_is_the_shortest():
    features, Y = FEATURES["deficient"], draw(n, c, seed=3)
    W = label_generalization_terms(features, Y, draw(2, m, D)).W
    unseen = np.eye(D) - np.linalg.pinv(features) @ features
    other = W + draw(c, D, seed=6) @ unseen
    assert np.linalg.norm(Y - features @ other.T) == pytest.approx(np.linalg.norm(Y - features @ W.T))
    assert np.linalg.norm(other) > np.linalg.norm(W) + 0.1


def test_rounding_of_single_precision_is_no_direction():
    exactly, Y, views = FEATURES["deficient"], draw(n, c, seed=3), draw(2, m, 2, seed=4) @ draw(2, D, seed=5)
    known = draw(m, c, seed=6)
    double = label_generalization_terms(exactly, Y, views, known)
    single = label_generalization_terms(exactly.astype(np.float32), Y, views.astype(np.float32), known)
    assert single.labeled == pytest.approx(double.labeled, rel=1e-5)
    assert single.unlabeled == pytest.approx(double.unlabeled, rel=1e-5)
    np.testing.assert_allclose(single.W, double.W, atol=1e-5)


def test_labels_that_are_linear_in_features_leave_nothing():
    features, views, task = draw(n, D, seed=1), draw(2, m, D, seed=4), draw(c, D, seed=7)
    found = label_generalization_terms(features, features @ task.T, views, views[0] @ task.T)
    assert found.labeled == pytest.approx(0, abs=1e-12)
    assert found.unlabeled == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(found.W, task, rtol=1e-10)


def test_features_that_are_zero_leave_all():
    Y = np.eye(c)[np.random.default_rng(0).integers(c, size=n)]
    found = label_generalization_terms(np.zeros((n, D)), Y, np.zeros((2, m, D)))
    assert found.labeled == pytest.approx(1)
    assert not found.W.any()
    assert found.invariance == 0


def test_without_their_labels_the_unlabeled_set_s_term_is_unknown():
    found = label_generalization_terms(FEATURES["full rank"], draw(n, c), draw(2, m, D))
    assert found.unlabeled is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda Z, Y, V: label_generalization_terms(Z, Y[:5], V), "there are 5 for 30 rows"),
        (lambda Z, Y, V: label_generalization_terms(Z, Y, V, Y), "for 50 rows of features"),
        (lambda Z, Y, V: label_generalization_terms(Z, Y, V, draw(m, 2)), "the same number of columns"),
        (lambda Z, Y, V: label_generalization_terms(Z, Y, V[:1]), r"must be \[2, m, D = 6\]"),
        (lambda Z, Y, V: label_generalization_terms(Z[:0], Y[:0], V), "not be empty"),
        (lambda Z, Y, V: label_generalization_terms(Z / 0, Y, V), "features are not finite"),
        (lambda Z, Y, V: label_generalization_terms(Z, Y * np.nan, V), "labels are not finite"),
        (lambda Z, Y, V: label_generalization_terms(Z, Y, np.full_like(V, np.inf)), "unlabeled views are not finite"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_wrong_inputs_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(draw(n, D), draw(n, c), draw(2, m, D))
