"""Applying the table of alarms to a run, as it goes."""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from jaxtyping import Float
from torch import Tensor

from eigenview.alarms.alarm import Alarm, AlarmRule, Moment
from eigenview.alarms.augmentation import FirstViews
from eigenview.alarms.catalogue import CHECKED, alarm_rules, find_rules
from eigenview.alarms.preflight import TrainingPlan
from eigenview.alarms.trajectory import Trajectory
from eigenview.runs.records import StepRecord

logger = logging.getLogger("eigenview")

_PATIENCE_OF_UNKNOWN_LENGTH = 200


class AlarmEngine:
    """Checks the rules at each moment of a run, and returns each alarm once.

    To resume a run, give it the run's earlier measurements first.

    Args:
        steps: updates in the whole run; None where unknown.
        max_rank: dimensions that `features` and `embeddings` of a batch could fill, as far as they are known; those it
            does not name are not judged by their rank.
        min_temperature: smallest value that a learned temperature may take, if there is one.
        extra: rules besides those of `eigenview.alarms`: rules, or import paths `module:rule`.
        moments: when the caller checks rules.

    Raises:
        UsageError: one of the extra rules cannot be found.
    """

    def __init__(
        self,
        steps: int | None,
        max_rank: Mapping[str, int],
        min_temperature: float | None = None,
        extra: Sequence[str | AlarmRule] = (),
        moments: Collection[Moment] = CHECKED,
    ) -> None:
        self._rules = (*alarm_rules(), *find_rules(extra, moments))
        self._run = Trajectory(steps, max_rank, min_temperature)
        self._patience = _PATIENCE_OF_UNKNOWN_LENGTH if steps is None else max(50, steps // 10)
        self._in_a_row: Counter[str] = Counter()
        self._raised: set[str] = set()
        self._failed: set[str] = set()

    def before(self, plan: TrainingPlan) -> list[Alarm]:
        """New alarms that follow from what will be trained, before the first step."""
        new = self._new({rule: self._check(rule, plan) for rule in self._at("before training")})
        cautions = plan.objective.cautions(plan.K, plan.P, plan.D)
        return [Alarm(each.name, each.evidence, each.advice) for each in cautions] + new

    def first_batch(self, views: Float[Tensor, "K P C S S"]) -> list[Alarm]:
        """New alarms that follow from the views of the first batch."""
        first = FirstViews(views)
        return self._new({rule: self._check(rule, first) for rule in self._at("first batch")}, self._raised)

    def update(self, record: StepRecord) -> list[Alarm]:
        """New alarms after a measurement."""
        self._run.add(record)
        return self._new({rule: self._evidence(rule, record) for rule in self._at("each measurement")})

    def _at(self, moment: Moment) -> Iterable[AlarmRule]:
        return (rule for rule in self._rules if rule.when == moment)

    def _check(self, rule: AlarmRule, *given: Any) -> str | None:
        """A rule's evidence. One that fails is somebody else's, and ends neither training nor the other rules."""
        if rule.check is None or rule.name in self._failed:
            return None
        try:
            return rule.check(*given)
        except Exception as error:  # whatever it is
            self._failed.add(rule.name)
            logger.warning("alarm '%s' is no longer checked: %s: %s", rule.name, type(error).__name__, error)
            return None

    def _evidence(self, rule: AlarmRule, record: StepRecord) -> str | None:
        """The evidence at a measurement, once the rule has held as often and the run is as old as it asks."""
        known = all(_holds(record, name) for name in rule.needs)
        evidence = self._check(rule, record, self._run) if known else None
        self._in_a_row[rule.name] = 0 if evidence is None else self._in_a_row[rule.name] + 1
        early = rule.patient and record.step < self._patience
        return None if early or self._in_a_row[rule.name] < rule.in_a_row else evidence

    def _new(self, found: Mapping[AlarmRule, str | None], earlier: AbstractSet[str] = frozenset()) -> list[Alarm]:
        holding = {rule.name for rule, evidence in found.items() if evidence is not None} | earlier
        new = [
            rule.alarm(evidence)
            for rule, evidence in found.items()
            if evidence is not None and rule.name not in self._raised and rule.unless not in holding
        ]
        self._raised.update(alarm.name for alarm in new)
        return new


def _holds(record: StepRecord, name: str) -> bool:
    """Whether a measurement has what is called so."""
    groups = {**vars(record), **record.logged, **record.measures}
    return groups.get(name) not in (None, {})
