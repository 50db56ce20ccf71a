from eigenview.alarms import AlarmEngine
from eigenview.runs import Origin, StepRecord
from tests.alarms.measurements import line, names, watching


def test_a_healthy_run_raises_none():
    lines = [line(step, scale=step / 1000, embeddings=2 + step / 40) for step in range(0, 1001, 50)]
    assert names(watching(), *lines) == []


def test_a_stable_origin_twice():
    stable = Origin(growing=0, largest=-1e-3, between=1.0, within=9.0, decay=0.0)
    saddle = Origin(growing=1, largest=1e-3, between=1.0, within=9.0, decay=0.0)
    assert names(watching(), line(1, origin=stable), line(20, origin=saddle), line(30, origin=stable)) == []
    assert names(watching(), line(1, origin=stable), line(20, origin=stable)) == ["collapse predicted"]


def test_lines_of_a_model_that_is_not_ours_are_enough():
    watch = AlarmEngine(None, {"features": 256})
    records = (StepRecord(step, effective_rank={"features": 1.0}) for step in (100, 200, 300))
    assert [(seen.step, alarm.name) for seen in records for alarm in watch.update(seen)] == [
        (200, "complete collapse"),
        (200, "features collapsed to a few dimensions"),
    ]
    assert watch.update(StepRecord(400, measures={"alpha_req": {"features": 1.0}})) == []
