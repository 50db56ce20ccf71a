import pytest
import torch

from eigenview.alarms import alarms_before, alarms_of_drawn_views, alarms_of_views
from eigenview.objectives import MMCR, InfoNCE
from eigenview.views import POLICIES


@pytest.mark.parametrize(("P", "D"), [(256, 256), (256, 200), (128, 180)])
def test_mmcr_with_p_near_d_is_told_beforehand(P, D):
    (alarm,) = alarms_before(MMCR(), 2, P, D)
    assert alarm.name == "P near D"
    assert f"P = {P} and D = {D}" in alarm.evidence


def test_at_p_equal_to_d_the_predicted_error_is_marchenko_and_pastur_s():
    (alarm,) = alarms_before(MMCR(), 2, 256, 256)
    assert "15.1%" in alarm.evidence  # 1 − 8/(3π)


def test_others_are_not():
    assert alarms_before(MMCR(), 2, 256, 64) == []
    assert alarms_before(InfoNCE(), 2, 256, 256) == []


@pytest.mark.parametrize(("K", "policy", "evidence"), [(1, "large", "one view"), (4, "identity", "the same image")])
def test_views_that_leave_nothing_to_learn(K, policy, evidence):
    (alarm,) = alarms_of_views(K, POLICIES[policy])
    assert evidence in alarm.evidence


def test_views_that_differ_are_fine():
    assert alarms_of_views(2, POLICIES["small"]) == []


def drawn(noise: float, K: int = 2, P: int = 64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(P, 3, 8, 8, generator=generator) + noise * torch.randn(K, P, 3, 8, 8, generator=generator)


@pytest.mark.parametrize("K", [2, 4])
def test_views_are_judged_by_what_they_leave_of_a_sample(K):
    assert [alarm.name for alarm in alarms_of_drawn_views(drawn(0.05, K))] == ["views too weak"]
    assert alarms_of_drawn_views(drawn(1.0, K)) == []
    assert [alarm.name for alarm in alarms_of_drawn_views(drawn(30.0, K))] == ["views too strong"]


def test_the_share_of_samples_is_that_of_their_variance():
    (alarm,) = alarms_of_drawn_views(drawn(0.1, K=4, P=128))
    assert "99.0% is between samples" in alarm.evidence  # 1/(1 + .1²)


def test_large_views_are_looked_at_in_32_pixels():
    small = drawn(0.05)
    large = small.repeat_interleave(8, -1).repeat_interleave(8, -2)
    assert [alarm.name for alarm in alarms_of_drawn_views(large)] == ["views too weak"]


def test_few_samples_tell_nothing():
    assert alarms_of_drawn_views(drawn(0.05, P=8)) == []
    assert alarms_of_drawn_views(drawn(0.05, K=1)) == []
