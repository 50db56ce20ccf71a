"""An alarm, and the rule that raises it: one row of the table of alarms."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from eigenview._errors import UsageError

Moment = Literal["before training", "first batch", "each measurement", "non-finite values"]


@dataclass(frozen=True)
class Alarm:
    """What is wrong with a run.

    Args:
        name: of the rule that raised it.
        evidence: the measured numbers, and the reference that they are compared with.
        advice: what to try.
    """

    name: str
    evidence: str
    advice: str


@dataclass(frozen=True)
class AlarmRule:
    """When an alarm is raised, and what to do then.

    A rule in a module of `eigenview.alarms` is found there; one from elsewhere is named by its import path.

    Args:
        name: what is wrong.
        when: when the rule is checked; this decides what `check` is given.
        condition: when it holds, in words, for the documentation.
        advice: what to try.
        check: returns the evidence, or None where the rule does not hold. It is given, before training, a
            `TrainingPlan`; on the first batch, `FirstViews`; at each measurement, its `StepRecord` and the `Trajectory`
            of the run; None for a rule that training itself applies.
        needs: what a measurement must hold for `check` to be called: fields of `StepRecord`, or names in its `logged`
            or `measures`.
        in_a_row: measurements in a row at which the rule must hold.
        patient: whether the rule waits until a tenth of the run, and at least 50 steps (200 steps where the length of
            the run is unknown), have passed.
        unless: name of an alarm that implies this one, which is then not raised.

    Raises:
        UsageError: `when` is not one of the four moments.
    """

    name: str
    when: Moment
    condition: str
    advice: str
    check: Callable[..., str | None] | None = None
    needs: tuple[str, ...] = ()
    in_a_row: int = 1
    patient: bool = False
    unless: str | None = None

    def __post_init__(self) -> None:
        if self.when not in get_args(Moment):
            raise UsageError(
                f"alarm '{self.name}': when must be one of {', '.join(get_args(Moment))}, not '{self.when}'"
            )
        object.__setattr__(self, "needs", tuple(self.needs))

    def alarm(self, evidence: str) -> Alarm:
        """The alarm of this rule, with its evidence."""
        return Alarm(self.name, evidence, self.advice)
