import pytest

from eigenview.alarms import Alarm, AlarmEngine, TrainingPlan
from eigenview.objectives import MMCR, Caution, InfoNCE, Objective
from eigenview.views import POLICIES


def alarms_before(objective: Objective, P: int, D: int, K: int = 2, policy: str = "large") -> list[Alarm]:
    return AlarmEngine(100, {}).before(TrainingPlan(objective, K, P, D, POLICIES[policy]))


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
