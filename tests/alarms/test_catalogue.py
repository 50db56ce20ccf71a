"""The table of alarms, and an alarm from outside the package."""

import pytest

from eigenview import Monitor, UsageError
from eigenview.alarms import AlarmEngine, AlarmRule, Trajectory, alarm_rules, find_rules
from eigenview.runs import StepRecord


def spike(record: StepRecord, run: Trajectory) -> str | None:
    return f"at step {record.step} the loss is {record.loss}" if record.loss and record.loss > 10 else None


LOSS_SPIKE = AlarmRule(
    "loss spike", "each measurement", "the loss is above 10", "lower it", spike, ("loss",), in_a_row=2
)
RULE_OF_NOTHING = AlarmRule("nothing", "each measurement", "never", "rest")
PATH = "tests.alarms.test_catalogue:LOSS_SPIKE"


def test_each_rule_can_be_read_alone():
    names = [rule.name for rule in alarm_rules()]
    assert len(names) == len(set(names)) == 14
    for rule in alarm_rules():
        assert rule.advice
        assert rule.condition
        assert rule.check is not None or rule.when == "non-finite values"
        assert rule.unless is None or rule.unless in names


def test_a_rule_from_outside_is_named_by_its_import_path():
    assert find_rules([PATH]) == find_rules([LOSS_SPIKE]) == (LOSS_SPIKE,)
    engine = AlarmEngine(100, {}, extra=[PATH])
    records = [StepRecord(1, loss=20.0), StepRecord(2), StepRecord(3, loss=20.0), StepRecord(4, loss=30.0)]
    raised = [(record.step, alarm) for record in records for alarm in engine.update(record)]
    assert raised == [(4, LOSS_SPIKE.alarm("at step 4 the loss is 30.0"))]
    assert engine.update(StepRecord(5, loss=40.0)) == []


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ("nowhere", "'nowhere' is no"),
        ("tests.alarms.test_catalogue:MISSING", "has no 'MISSING'"),
        ("tests.alarms.test_catalogue:spike", "must be an eigenview.alarms.AlarmRule, not a function"),
        (RULE_OF_NOTHING, "the rule 'nothing' has no check function"),
        (alarm_rules()[0], f"two alarms are named '{alarm_rules()[0].name}'"),
    ],
)
def test_a_mistake_ends_in_one_line(asked, error):
    with pytest.raises(UsageError, match=error):
        AlarmEngine(100, {}, extra=[asked])


def test_a_monitor_takes_it(tmp_path):
    with pytest.raises(UsageError, match="has no 'MISSING'"):
        Monitor(out=tmp_path / "wrong", alarms=["tests.alarms.test_catalogue:MISSING"]).start()
    assert not (tmp_path / "wrong").exists()
    with Monitor(out=tmp_path / "right", alarms=[PATH]):
        pass
