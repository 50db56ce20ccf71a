"""The measures that a monitor is asked for, and their values on a sample."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

import torch

from eigenview._errors import UsageError
from eigenview._names import nearest, resolve
from eigenview.measures import CATALOGUE, MeasureSpec, measure_spec
from eigenview.monitor.buffer import Sample
from eigenview.runs.record_lines import RESERVED

CHEAP = ("effective_rank", "stable_rank", "participation_ratio")
"""Measured by default: they need no views and at least two rows."""

_TAKEN = RESERVED - {"effective_rank"}

Asked = str | MeasureSpec | Callable[..., Any]


def find_measures(asked: Sequence[Asked]) -> tuple[MeasureSpec, ...]:
    """The measures that are asked for.

    Args:
        asked: names of the catalogue, import paths `module:function`, entries, or functions of [N, D].

    Raises:
        UsageError: no such measure, two of one name, or a reserved name.
    """
    found = tuple(map(_find, asked))
    names = [spec.name for spec in found]
    twice = next((name for name in names if names.count(name) > 1 or not name.isidentifier()), None)
    if twice is not None:
        raise UsageError(f"measure names must be unique identifiers; got '{twice}': define a function of another name")
    taken = next((name for name in names if name in _TAKEN), None)
    if taken is not None:
        raise UsageError(f"measures: '{taken}' is a reserved key in metrics.jsonl: rename the function")
    return found


def _find(asked: Asked) -> MeasureSpec:
    if isinstance(asked, MeasureSpec):
        return asked
    if not isinstance(asked, str):
        return measure_spec(asked)
    by_name = {spec.name: spec for spec in CATALOGUE}
    if asked in by_name:
        return by_name[asked]
    if ":" in asked:
        return measure_spec(resolve(asked, {}, "measure"))
    raise UsageError(f"unknown measure '{asked}': {nearest(asked, by_name)}")


def evaluate_measure(spec: MeasureSpec, sample: Sample, shared: dict[Any, Any]) -> tuple[Any, str | None]:
    """A measure's value, or None and the reason why there is none; no failure of a measure is passed on.

    Args:
        spec: the measure.
        sample: its rows; of more rows than the measure takes, the newest.
        shared: intermediate results that the measures of this sample share, filled here.
    """
    x = sample.rows
    if spec.needs == "views":
        if sample.views is None:
            return None, f"it needs views: {sample.why}"
        x = sample.views
    if spec.max_rows is not None:
        x = x[..., -spec.max_rows :, :]
    try:
        # Measures have generators of their own; a user's function may not.
        with torch.random.fork_rng(devices=[]):
            value = _plain(spec.evaluate(x, shared))
    except Exception as error:  # whatever it is, training goes on
        return None, str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
    return value, None if _finite(value) else "its value is not finite"


def _plain(value: Any) -> float | dict[str, Any]:
    if is_dataclass(value):
        return {name: float(number) for name, number in asdict(value).items()}  # pyright: ignore[reportArgumentType]
    return float(value)


def _finite(value: float | dict[str, Any]) -> bool:
    numbers = value.values() if isinstance(value, dict) else (value,)
    return all(not isinstance(number, float) or math.isfinite(number) for number in numbers)
