"""The table of alarms: every rule of this package, and those that are named by an import path."""

import pkgutil
from collections.abc import Collection, Sequence
from functools import cache
from importlib import import_module
from typing import get_args

from eigenview import alarms
from eigenview._errors import UsageError
from eigenview._names import import_object
from eigenview.alarms.alarm import AlarmRule, Moment

CHECKED: tuple[Moment, ...] = ("before training", "first batch", "each measurement")
"""The moments at which training checks rules."""


@cache
def alarm_rules() -> tuple[AlarmRule, ...]:
    """All rules, in the order in which they are checked and, among those, of their modules."""
    modules = [import_module(f"{alarms.__name__}.{module.name}") for module in pkgutil.iter_modules(alarms.__path__)]
    rules = dict.fromkeys(rule for module in modules for rule in vars(module).values() if isinstance(rule, AlarmRule))
    moments = get_args(Moment)
    return tuple(sorted(rules, key=lambda rule: moments.index(rule.when)))


def find_rules(asked: Sequence[str | AlarmRule], moments: Collection[Moment] = CHECKED) -> tuple[AlarmRule, ...]:
    """Rules from outside the package.

    Args:
        asked: rules, or import paths `module:rule`.
        moments: when the caller checks rules.

    Raises:
        UsageError: there is no such rule, its name is taken, or the caller never checks it.
    """
    found = tuple(_find(each) for each in asked)
    names = [rule.name for rule in (*alarm_rules(), *found)]
    twice = next((rule.name for rule in found if names.count(rule.name) > 1), None)
    if twice is not None:
        raise UsageError(f"alarms: two alarms are named '{twice}': rename one")
    never = next((rule for rule in found if rule.when not in moments), None)
    if never is not None:
        raise UsageError(
            f"alarms: '{never.name}' would never be checked: its `when` is '{never.when}', not {' or '.join(moments)}"
        )
    return found


def _find(asked: str | AlarmRule) -> AlarmRule:
    rule = import_object(asked, "alarm") if isinstance(asked, str) else asked
    if not isinstance(rule, AlarmRule):
        raise UsageError(f"alarms: {asked!r} must be an eigenview.alarms.AlarmRule, not a {type(rule).__name__}")
    if rule.check is None:
        raise UsageError(f"alarms: the rule '{rule.name}' has no check function")
    return rule
