"""A learned temperature stays at the smallest value that it may take."""

from eigenview.alarms.alarm import AlarmRule
from eigenview.alarms.trajectory import Trajectory
from eigenview.runs.records import StepRecord


def _evidence(record: StepRecord, run: Trajectory) -> str | None:
    temperature = record.logged.get("temperature")
    if temperature is None or run.min_temperature is None or temperature > 1.001 * run.min_temperature:
        return None
    return (
        f"at step {record.step} and at the measurement before, the learned temperature is at its minimum, "
        f"{temperature:.4g}"
    )


TEMPERATURE_AT_MINIMUM = AlarmRule(
    "temperature at its minimum",
    "each measurement",
    "CLIP's learned temperature is at the smallest value that it may take",
    "stronger views or a larger batch, so that matches are harder to find; a smaller learning rate; or a smaller "
    "minimum (min_temperature in objective.options), if the temperature is meant to go lower",
    _evidence,
    needs=("temperature",),
    in_a_row=2,
)
