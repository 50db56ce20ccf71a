"""The loss stays where complete collapse would leave it, though embeddings may differ."""

from eigenview.alarms.alarm import AlarmRule
from eigenview.alarms.trajectory import Trajectory
from eigenview.runs.records import StepRecord

CHANCE = 0.05
"""Share of the way from complete collapse to the best loss below which a loss is at chance."""


def _evidence(record: StepRecord, run: Trajectory) -> str | None:
    if record.scale is None or record.scale > CHANCE:
        return None
    return (
        f"at step {record.step} the loss {record.value('loss'):.4g} is {record.scale:.0%} of the way from complete "
        "collapse (0%) to its best value (100%)"
    )


LOSS_AT_CHANCE = AlarmRule(
    "loss at chance",
    "each measurement",
    "the loss is 5% or less of the way from complete collapse to its best value",
    "a smaller learning rate, a longer warm-up, weaker views, or batch norm in the projector",
    _evidence,
    needs=("scale",),
    patient=True,
    unless="complete collapse",
)
