"""The table of alarms: every rule of this package, and those that are named by an import path."""

import pkgutil
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import get_args

from eigenview import alarms
from eigenview._errors import UsageError
from eigenview._names import import_object
from eigenview.alarms.alarm import AlarmRule, Moment


@cache
def alarm_rules() -> tuple[AlarmRule, ...]:
    """All rules, in the order in which they are checked and, among those, of their modules."""
    modules = [import_module(f"{alarms.__name__}.{module.name}") for module in pkgutil.iter_modules(alarms.__path__)]
    rules = {value.name: value for module in modules for value in vars(module).values() if isinstance(value, AlarmRule)}
    moments = get_args(Moment)
    return tuple(sorted(rules.values(), key=lambda rule: moments.index(rule.when)))


def find_rules(asked: Sequence[str | AlarmRule]) -> tuple[AlarmRule, ...]:
    """Rules from outside the package.

    Args:
        asked: rules, or import paths `module:rule`.

    Raises:
        UsageError: there is no such rule, or its name is taken.
    """
    found = tuple(_find(each) for each in asked)
    names = [rule.name for rule in (*alarm_rules(), *found)]
    twice = next((rule.name for rule in found if names.count(rule.name) > 1), None)
    if twice is not None:
        raise UsageError(f"alarms: two alarms are named '{twice}': rename one")
    return found


def _find(asked: str | AlarmRule) -> AlarmRule:
    rule = import_object(asked, "alarm") if isinstance(asked, str) else asked
    if not isinstance(rule, AlarmRule):
        raise UsageError(f"alarms: {asked!r} must be an eigenview.alarms.AlarmRule, not a {type(rule).__name__}")
    if rule.check is None:
        raise UsageError(f"alarms: the rule '{rule.name}' has no check function")
    return rule
