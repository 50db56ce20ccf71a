import numpy as np
import pytest

from eigenview.training.schedule import learning_rate


def rates(steps: int, warmup: float) -> np.ndarray:
    return np.array([learning_rate(step, steps, 2.0, warmup) for step in range(steps)])


def test_it_rises_linearly_then_falls_as_a_cosine():
    rate = rates(100, 0.1)
    np.testing.assert_allclose(np.diff(rate[:10], 2), 0, atol=1e-12)
    assert rate.argmax() == 10
    assert rate[10] == 2.0
    np.testing.assert_allclose(rate[10:], 1 + np.cos(np.pi * np.arange(90) / 90))


@pytest.mark.parametrize("warmup", [0.0, 0.05, 1.0])
@pytest.mark.parametrize("steps", [1, 2, 7, 1000])
def test_every_update_moves_the_weights(steps, warmup):
    rate = rates(steps, warmup)
    assert (rate > 0).all()
    assert (rate <= 2).all()
