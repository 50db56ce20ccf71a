import pytest
import torch

from eigenview.alarms import Alarm, AlarmEngine, TrainingPlan
from eigenview.objectives import MMCR, Caution, InfoNCE, Objective
from eigenview.views import POLICIES


def alarms_before(objective: Objective, P: int, D: int, K: int = 2, policy: str = "large") -> list[Alarm]:
    return AlarmEngine(100, {}).before(TrainingPlan(objective, K, P, D, POLICIES[policy]))


def alarms_of(views: torch.Tensor) -> list[Alarm]:
    return AlarmEngine(100, {}).first_batch(views)


@pytest.mark.parametrize(("P", "D"), [(256, 256), (256, 200), (128, 180)])
def test_mmcr_with_p_near_d_is_told_beforehand(P, D):
    (alarm,) = alarms_before(MMCR(), P, D)
    assert alarm.name == "P near D"
    assert f"P = {P} and D = {D}" in alarm.evidence


def test_at_p_equal_to_d_the_predicted_error_is_marchenko_and_pastur_s():
    (alarm,) = alarms_before(MMCR(), 256, 256)
    assert "15.1%" in alarm.evidence  # 1 − 8/(3π)


def test_an_objective_may_caution_about_anything():
    class Cautious(InfoNCE):
        def cautions(self, K, P, D):
            return [Caution("too few views", f"K = {K}", "more views")]

    assert alarms_before(Cautious(), 64, 8, K=3) == [Alarm("too few views", "K = 3", "more views")]


def test_others_are_not():
    assert alarms_before(MMCR(), 256, 64) == []
    assert alarms_before(InfoNCE(), 256, 256) == []


@pytest.mark.parametrize(("K", "policy", "evidence"), [(1, "large", "one view"), (4, "identity", "the same image")])
def test_views_that_leave_nothing_to_learn(K, policy, evidence):
    (alarm,) = alarms_before(InfoNCE(), 64, 64, K, policy)
    assert evidence in alarm.evidence


def test_views_that_differ_are_fine():
    assert alarms_before(InfoNCE(), 64, 64, 2, "small") == []


def test_views_of_other_kinds_have_no_policy():
    assert AlarmEngine(100, {}).before(TrainingPlan(InfoNCE(), 2, 64, 64, None)) == []


def test_views_that_leave_nothing_to_learn_are_one_alarm():
    engine = AlarmEngine(100, {})
    assert len(engine.before(TrainingPlan(InfoNCE(), 2, 64, 64, POLICIES["identity"]))) == 1
    assert engine.first_batch(drawn(0.0)) == []


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
