"""An alarm of somebody else's, named `my_alarm:HIGH_LOSS`."""

from eigenview.alarms import AlarmRule, Trajectory
from eigenview.runs import StepRecord


def _evidence(record: StepRecord, run: Trajectory) -> str | None:
    return f"at step {record.step} the loss is {record.value('loss'):.3g}" if record.value("loss") > -10 else None


HIGH_LOSS = AlarmRule(
    "high loss", "each measurement", "the loss is above −10", "a smaller learning rate", _evidence, needs=("loss",)
)
