"""Steps of W alone against steps of both layers."""

import numpy as np
import pytest

from eigenview.theory.dynamics import flow, lifted, optimum, product_descent, projected_descent

d, z = 6, 2


def matrix(seed: int, negative: int = 3) -> np.ndarray:
    generator = np.random.default_rng(seed)
    axes = np.linalg.qr(generator.normal(size=(d, d)))[0]
    size = generator.uniform(0.3, 1, d)
    return (axes * np.where(np.arange(d) < negative, -size, size)) @ axes.T


def start(seed: int, *singular: float) -> np.ndarray:
    generator = np.random.default_rng(seed)
    left, right = (np.linalg.qr(generator.normal(size=(n, len(singular))))[0] for n in (len(singular), d))
    return (left * singular) @ right.T


@pytest.mark.parametrize("rate", [0.01, 0.2, 2.0])
@pytest.mark.parametrize("singular", [(0.9, 0.2), (1.0, 0.5), (1.0, 1.0), (0.7, 0.5, 0.4, 0.1)])
def test_they_are_projected_descent_at_any_rate_and_width(rate, singular):
    C, W = matrix(0), start(1, *singular)
    found = product_descent(C, W, rate, 12)
    for h in (d + len(singular), 40):
        layers = projected_descent(C, *lifted(W, h), rate, 12).trajectory
        np.testing.assert_allclose(found.W, layers.W, atol=1e-9)
        np.testing.assert_allclose(found.times, layers.times)
        np.testing.assert_allclose(found.losses, layers.losses, atol=1e-9)


def test_small_steps_tend_to_the_derived_flow():
    C, W = matrix(2), start(2, 0.6, 0.3)
    off = []
    for rate in (1e-2, 5e-3):
        steps = product_descent(C, W, rate, round(2 / rate), every=10)
        off.append(np.abs(steps.W - flow(C, W, steps.times).W).max())
    assert off[0] / off[1] == pytest.approx(2, rel=0.1)
    assert off[1] < 0.02


@pytest.mark.parametrize("singular", [(1.0, 0.5), (1.0, 1.0)])
def test_singular_values_of_one_stay_where_nothing_would_keep_them(singular):
    """All eigenvalues are positive, and the origin would be better: what a width below d + z cannot reach."""
    C, held = matrix(3, negative=0), singular.count(1.0)
    found = product_descent(C, start(3, *singular), 0.05, 4000, every=4000)
    np.testing.assert_allclose(np.linalg.svd(found.W[-1], compute_uv=False)[:held], 1, atol=1e-9)
    assert found.losses[-1] == pytest.approx(np.linalg.eigvalsh(C)[:held].sum(), rel=1e-6)


def test_it_ends_in_the_optimum_and_keeps_what_is_asked_for():
    C = matrix(4)
    found = product_descent(C, start(4, 0.5, 0.3), 0.2, 400, every=300)
    np.testing.assert_allclose(found.times, [0, 60, 80])
    assert found.losses[-1] == pytest.approx(optimum(C, z).value, rel=1e-3)


@pytest.mark.usefixtures("as_users_call")
def test_what_cannot_step_is_refused():
    C, W = matrix(0), start(0, 0.5, 0.3)
    for arguments, words in [
        ((C, W[:, 1:], 0.1, 1), r"\[z, d\]"),
        ((C, W * np.nan, 0.1, 1), "finite"),
        ((C, 3 * W, 0.1, 1), "above 1"),
        ((C, W, 0.0, 1), "rate must"),
        ((C, W, 0.1, -1), "steps 0 or more"),
        ((np.triu(C), W, 0.1, 1), "symmetric"),
    ]:
        with pytest.raises(ValueError, match=words):
            product_descent(*arguments)
    with pytest.raises(ValueError, match="dependent"):  # W = I, C = I: both layers step to 0
        product_descent(np.eye(d), np.eye(d), 0.5, 1)
    with pytest.raises(ValueError, match="overflowed: take a smaller rate"):
        product_descent(C, W, 1e200, 3)
