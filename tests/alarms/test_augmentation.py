import pytest
import torch

from eigenview.alarms import Alarm, AlarmEngine, TrainingPlan
from eigenview.objectives import InfoNCE
from eigenview.views import POLICIES


def alarms_of(views: torch.Tensor) -> list[Alarm]:
    return AlarmEngine(100, {}).first_batch(views)


def drawn(noise: float, K: int = 2, P: int = 64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(P, 3, 8, 8, generator=generator) + noise * torch.randn(K, P, 3, 8, 8, generator=generator)


@pytest.mark.parametrize("K", [2, 4])
def test_views_are_judged_by_what_they_leave_of_a_sample(K):
    assert [alarm.name for alarm in alarms_of(drawn(0.05, K))] == ["views too weak"]
    assert alarms_of(drawn(1.0, K)) == []
    assert [alarm.name for alarm in alarms_of(drawn(30.0, K))] == ["views too strong"]


def test_the_share_of_samples_is_that_of_their_variance():
    (alarm,) = alarms_of(drawn(0.1, K=4, P=128))
    assert "99.0% of the variance of pixels is between samples" in alarm.evidence  # 1/(1 + .1²)


def test_large_views_are_looked_at_in_32_pixels():
    small = drawn(0.05)
    large = small.repeat_interleave(8, -1).repeat_interleave(8, -2)
    assert [alarm.name for alarm in alarms_of(large)] == ["views too weak"]


def test_few_samples_tell_nothing():
    assert alarms_of(drawn(0.05, P=8)) == []
    assert alarms_of(drawn(0.05, K=1)) == []


def test_views_that_leave_nothing_to_learn_are_one_alarm():
    engine = AlarmEngine(100, {})
    assert len(engine.before(TrainingPlan(InfoNCE(), 2, 64, 64, POLICIES["identity"]))) == 1
    assert engine.first_batch(drawn(0.0)) == []
