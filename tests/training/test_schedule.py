import numpy as np
import pytest

from eigenview.training.schedule import learning_rate, teacher_momentum


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


def test_a_teachers_momentum_rises_to_1_as_a_cosine():
    momenta = np.array([teacher_momentum(step, 100, 0.96) for step in range(101)])
    assert momenta[0] == pytest.approx(0.96)
    assert momenta[50] == pytest.approx(0.98)
    assert momenta[100] == 1
    assert (np.diff(momenta) > 0).all()
    assert teacher_momentum(3, 10, 1.0) == 1
