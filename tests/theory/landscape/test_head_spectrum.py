"""Heads against predictions: those that are as predicted, those that are not, and trained ones."""

import numpy as np
import pytest
import scipy.linalg
import torch

from eigenview.theory.landscape import (
    StationaryPoint,
    effective_landscape,
    head_spectrum,
    nearest_covariance,
    solve_beta_infonce,
    view_covariances,
)
from tests.theory.landscape.matrices import covariances

A0, C = covariances(0, d=5, noise=0.4)
SIGMA = A0 + C
POINTS = {
    "exact": lambda D: solve_beta_infonce(A0, C, 0.6, D=D),
    "effective": lambda D: effective_landscape("infonce", A0, C, beta=0.6).minimum(D),
}


@pytest.mark.parametrize("D", [2, 5, 9])
@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS)
def test_a_head_as_predicted(point, D):
    predicted: StationaryPoint = point(D)
    rotation = np.linalg.qr(np.random.default_rng(D).normal(size=(D, D))).Q
    found = head_spectrum(rotation @ predicted.weights(D), SIGMA, predicted.modes, predicted.directions)
    falling = np.sort(predicted.modes)[::-1]
    assert found.survivors == found.predicted_survivors == predicted.rank
    assert 0 < predicted.rank < 5
    np.testing.assert_allclose(found.actual, falling, atol=1e-12)
    np.testing.assert_allclose(found.along, predicted.modes, atol=1e-12)
    np.testing.assert_allclose(found.cosines, np.ones(predicted.rank), rtol=1e-9)
    assert found.outside < 1e-12


def test_the_actual_spectrum_is_that_of_h():
    W, predicted = np.random.default_rng(3).normal(size=(3, 5)), solve_beta_infonce(A0, C, 0.6)
    found = head_spectrum(W, SIGMA, predicted.modes, predicted.directions)
    root = scipy.linalg.sqrtm(SIGMA)
    eigenvalues, axes = np.linalg.eigh(root @ W.T @ W @ root)
    np.testing.assert_allclose(found.actual, eigenvalues[::-1], atol=1e-12)
    assert found.survivors == 3
    assert found.along.sum() == pytest.approx(eigenvalues.sum())
    shared = min(3, predicted.rank)
    angles = scipy.linalg.subspace_angles(axes[:, -shared:], (root @ predicted.directions)[:, :shared])
    np.testing.assert_allclose(found.cosines, np.sort(np.cos(angles))[::-1], atol=1e-9)


def test_a_head_of_the_collapsed_modes_is_all_outside():
    predicted = solve_beta_infonce(A0, C, 0.6)
    W = predicted.directions[:, predicted.modes == 0].T
    found = head_spectrum(W, SIGMA, predicted.modes, predicted.directions)
    assert found.outside == pytest.approx(1)
    np.testing.assert_allclose(found.cosines, 0, atol=1e-7)


def test_of_heads_at_random_cosines_are_as_said():
    predicted = solve_beta_infonce(A0, C, 0.6)
    generator, whitened = np.random.default_rng(0), predicted.directions
    squares, at_random = [], 0.0
    for _ in range(400):
        # Rows that are isotropic in the basis in which Σ is the identity.
        found = head_spectrum(generator.normal(size=(2, 5)) @ whitened.T, SIGMA, predicted.modes, whitened)
        squares.append(np.square(found.cosines).mean())
        at_random = found.at_random
    assert np.mean(squares) == pytest.approx(at_random**2, abs=float(5 * np.std(squares) / 20))


def test_a_head_of_zeros():
    predicted = solve_beta_infonce(A0, C, 0.6)
    found = head_spectrum(np.zeros((3, 5)), SIGMA, predicted.modes, predicted.directions)
    assert found.survivors == found.outside == found.at_random == len(found.cosines) == 0
    assert not found.actual.any()


def test_a_mode_that_nothing_bounds_is_predicted_to_be_there():
    predicted = solve_beta_infonce(np.eye(3), np.diag([1.0, 0.5, 0.0]), 0.9)
    assert np.isinf(predicted.modes).sum() == 1
    found = head_spectrum(np.eye(3), np.eye(3) + np.diag([1.0, 0.5, 0.0]), predicted.modes, predicted.directions)
    assert found.predicted_survivors == 3
    np.testing.assert_allclose(np.sort(found.along), [1, 1.5, 2])


@pytest.mark.parametrize("D", [2, 4])
def test_a_trained_head_on_drawn_features(D):
    """β-InfoNCE of a linear head on many samples, against the prediction from the covariances of their views."""
    generator = np.random.default_rng(0)
    scales = np.array([2.0, 1.4, 0.5, 0.3])
    clean = scales * generator.normal(size=(600, 4))
    views = clean + generator.normal(size=(2, 600, 4))
    between, within = view_covariances(views)
    between, clipped = nearest_covariance(between)
    assert clipped < 0.02
    x, beta = torch.from_numpy(views - views.mean((0, 1))), 0.7
    W = torch.from_numpy(0.1 * generator.normal(size=(D, 4))).requires_grad_()
    descent = torch.optim.LBFGS([W], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        descent.zero_grad()
        first, second = x @ W.T
        logits = -torch.cdist(first, second).square() / 2
        value = (first - second).square().sum(1).mean() / 2 + beta * logits.logsumexp(1).mean()
        value.backward()
        return value

    descent.step(loss)
    predicted = solve_beta_infonce(between, within, beta, D=D)
    found = head_spectrum(W.detach().numpy(), between + within, predicted.modes, predicted.directions, 0.02)
    assert found.survivors == found.predicted_survivors == 2
    assert (found.cosines > 0.99).all()
    assert found.outside < 0.02
    np.testing.assert_allclose(found.actual[:2], predicted.modes[:2], rtol=0.25)


POINT = solve_beta_infonce(A0, C, 0.6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: head_spectrum(np.ones((3, 4)), SIGMA, POINT.modes, POINT.directions), "shapes do not match"),
        (lambda: head_spectrum(np.full((3, 5), np.nan), SIGMA, POINT.modes, POINT.directions), "not finite"),
        (lambda: head_spectrum(np.ones((3, 5)), -SIGMA, POINT.modes, POINT.directions), "Σ is not a covariance"),
        (lambda: head_spectrum(np.ones((3, 5)), SIGMA, -POINT.modes, POINT.directions), "0 or more"),
        (lambda: head_spectrum(np.ones((3, 5)), SIGMA, POINT.modes * np.nan, POINT.directions), "0 or more"),
        (lambda: head_spectrum(np.ones((3, 5)), 2 * SIGMA, POINT.modes, POINT.directions), "metric of Σ"),
        (lambda: head_spectrum(np.ones((3, 5)), SIGMA, POINT.modes, POINT.directions, 1.0), "tolerance"),
    ],
)
def test_wrong_inputs_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
