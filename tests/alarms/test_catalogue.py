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
LOSS_AT_CHANCE = next(rule for rule in alarm_rules() if rule.name == "loss at chance")
RULE_OF_NOTHING = AlarmRule("nothing", "each measurement", "never", "rest")
PATH = "tests.alarms.test_catalogue:LOSS_SPIKE"


def test_each_rule_can_be_read_alone():
    names = [rule.name for rule in alarm_rules()]
    assert len(names) == len(set(names))
    assert {"complete collapse", "loss at chance", "P near D", "not finite"} <= set(names)
    for rule in alarm_rules():
        assert rule.advice
        assert rule.condition
        assert rule.check is not None or rule.name in ("not finite", "P near D")
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
        ("nowhere", "alarm 'nowhere' is not an import path: write module:name"),
        ("tests.alarms.test_catalogue:MISSING", "has no 'MISSING'"),
        ("tests.alarms.test_catalogue:spike", "must be an eigenview.alarms.AlarmRule, not a function"),
        (RULE_OF_NOTHING, "the rule 'nothing' has no check function"),
        (LOSS_AT_CHANCE, "two alarms are named 'loss at chance'"),
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


@pytest.mark.usefixtures("as_users_call")
def test_a_moment_that_does_not_exist_is_a_mistake():
    with pytest.raises(UsageError, match=r"^alarm 'typo': when must be one of before training, .* not 'every step'$"):
        AlarmRule("typo", "every step", "always", "rest", lambda *_: "now")  # pyright: ignore[reportArgumentType]


def test_a_rule_that_would_never_be_checked_is_a_mistake():
    late = AlarmRule("late", "non-finite values", "always", "rest", lambda *_: "now")
    with pytest.raises(UsageError, match=r"^alarms: 'late' would never be checked: its `when` is 'non-finite values'"):
        find_rules([late])
    early = AlarmRule("early", "before training", "always", "rest", lambda *_: "now")
    assert find_rules([early]) == (early,)
    with pytest.raises(UsageError, match=r"^alarms: 'early' would never be checked"):
        find_rules([early], moments=("each measurement",))


@pytest.mark.usefixtures("as_users_call")
def test_needs_may_be_a_list():
    rule = AlarmRule("list", "each measurement", "always", "rest", lambda *_: "now", needs=["loss"])  # pyright: ignore[reportArgumentType]
    engine = AlarmEngine(100, {}, extra=[rule])
    assert engine.update(StepRecord(1)) == []
    assert engine.update(StepRecord(2, loss=1.0)) == [rule.alarm("now")]


def test_a_rule_that_fails_ends_nothing_else(caplog):
    def fail(record: StepRecord, run: object) -> str:
        raise ZeroDivisionError("by nothing")

    engine = AlarmEngine(100, {}, extra=[AlarmRule("broken", "each measurement", "never", "rest", fail), PATH])
    for step in (1, 2):
        raised = engine.update(StepRecord(step, loss=20.0))
    assert raised == [LOSS_SPIKE.alarm("at step 2 the loss is 20.0")]
    assert [r.getMessage() for r in caplog.records] == [
        "alarm 'broken' is no longer checked: ZeroDivisionError: by nothing"
    ]
