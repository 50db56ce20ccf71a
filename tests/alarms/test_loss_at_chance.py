from tests.alarms.measurements import line, names, watching


def test_a_loss_at_chance_is_told_once_and_not_before_a_tenth_of_the_run():
    watch = watching()
    assert names(watch, line(50, scale=0.0)) == []
    assert names(watch, line(100, scale=0.01), line(200, scale=0.0)) == ["loss at chance"]


def test_an_objective_without_a_scale_has_no_chance_level():
    assert names(watching(), line(500, scale=None)) == []


def test_evidence_holds_the_numbers():
    (alarm,) = watching().update(line(500, scale=0.02))
    assert "step 500" in alarm.evidence
    assert "2%" in alarm.evidence
