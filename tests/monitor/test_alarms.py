import pytest

from eigenview.monitor import Watch, alarms_before, alarms_of_views, not_finite
from eigenview.objectives import MMCR, InfoNCE
from eigenview.views import POLICIES


def line(step: int, scale: float | None = 0.6, features: float = 80.0, embeddings: float = 40.0) -> dict:
    ranks = {"features": features, "embeddings": embeddings}
    return {"step": step, "loss": 1.0, "scale": scale, "gradient_norm": 1.0, "effective_rank": ranks}


def watching(steps: int = 1000, features: int = 256, embeddings: int = 64) -> Watch:
    return Watch(steps, {"features": features, "embeddings": embeddings})


def names(watch: Watch, *lines: dict) -> list[str]:
    return [alarm.name for measured in lines for alarm in watch.see(measured)]


def test_a_healthy_run_raises_none():
    lines = [line(step, scale=step / 1000, embeddings=2 + step / 40) for step in range(0, 1001, 50)]
    assert names(watching(), *lines) == []


def test_a_loss_at_chance_is_told_once_and_not_before_a_tenth_of_the_run():
    watch = watching()
    assert names(watch, line(50, scale=0.0)) == []
    assert names(watch, line(100, scale=0.01), line(200, scale=0.0)) == ["loss at chance"]


def test_a_small_batch_cannot_fill_many_dimensions_and_is_not_blamed():
    assert names(watching(embeddings=4), line(500, embeddings=2.5)) == []
    assert names(watching(embeddings=32), line(500, embeddings=3.0)) == ["embeddings collapsed to a few dimensions"]


def test_an_objective_without_a_scale_has_no_chance_level():
    assert names(watching(), line(500, scale=None)) == []


@pytest.mark.parametrize("rank", [1.0, 3.5])
def test_embeddings_in_a_few_dimensions_are_told(rank):
    assert names(watching(), line(500, embeddings=rank)) == ["embeddings collapsed to a few dimensions"]


def test_a_fall_from_the_peak_is_told_even_if_much_is_left():
    assert names(watching(), line(100, features=400), line(500, features=39)) == [
        "features collapsed to a few dimensions"
    ]


def test_evidence_holds_the_numbers():
    (alarm,) = watching().see(line(500, scale=0.02))
    assert "step 500" in alarm.evidence
    assert "2%" in alarm.evidence


@pytest.mark.parametrize(("P", "D"), [(256, 256), (256, 200), (128, 180)])
def test_mmcr_with_p_near_d_is_told_beforehand(P, D):
    (alarm,) = alarms_before(MMCR(), P, D)
    assert alarm.name == "P near D"
    assert f"P = {P} and D = {D}" in alarm.evidence


def test_at_p_equal_to_d_the_predicted_error_is_marchenko_and_pastur_s():
    (alarm,) = alarms_before(MMCR(), 256, 256)
    assert "15.1%" in alarm.evidence  # 1 − 8/(3π)


def test_others_are_not():
    assert alarms_before(MMCR(), 256, 64) == []
    assert alarms_before(InfoNCE(), 256, 256) == []


def test_what_is_not_finite_names_what_is_kept():
    alarm = not_finite(12, float("nan"), 3.0, weights=False, kept="step-00000010 is kept")
    assert "step 12" in alarm.evidence
    assert "nan" in alarm.evidence
    assert "step-00000010 is kept" in alarm.evidence
    assert "weights" not in alarm.evidence
    assert "weights are not finite" in not_finite(12, 0.5, 3.0, weights=True, kept="").evidence


@pytest.mark.parametrize(("K", "policy", "evidence"), [(1, "large", "one view"), (4, "identity", "the same image")])
def test_views_that_leave_nothing_to_learn(K, policy, evidence):
    (alarm,) = alarms_of_views(K, POLICIES[policy])
    assert evidence in alarm.evidence


def test_views_that_differ_are_fine():
    assert alarms_of_views(2, POLICIES["small"]) == []
