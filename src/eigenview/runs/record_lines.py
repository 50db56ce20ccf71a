"""A record as a line of JSON, and back."""

import json
import typing
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from math import isfinite
from types import NoneType, UnionType
from typing import Any, Literal, cast

from eigenview._errors import UsageError
from eigenview.runs.records import (
    VERSION,
    AlarmRecord,
    EndRecord,
    ProbeRecord,
    Record,
    RetrievalRecord,
    StartRecord,
    StepRecord,
    Value,
    ZeroShotRecord,
)

KINDS: dict[str, type[Record]] = {
    "start": StartRecord,
    "step": StepRecord,
    "alarm": AlarmRecord,
    "probe": ProbeRecord,
    "retrieval": RetrievalRecord,
    "zero-shot": ZeroShotRecord,
    "end": EndRecord,
}
_KIND_OF = {record: kind for kind, record in KINDS.items()}

_OPEN = ("logged", "measures")
RESERVED = frozenset({"kind", *(field.name for field in fields(StepRecord))})
"""Keys of a step line that no measure may be called by."""

_LARGEST = 2**53  # whole numbers up to here are exact in any reader of JSON


def record_to_line(record: Record) -> str:
    """The record as JSON on one line; numbers that are not finite are null."""
    line = {"kind": _KIND_OF[type(record)], **_plain(record)}
    for group in _OPEN:  # which stand beside the other keys of a step line
        line |= line.pop(group, {}) if isinstance(record, StepRecord) else {}
    return json.dumps(line, allow_nan=False)


def record_from_line(text: str) -> Record:
    """The record that a line holds; keys that it does not know are ignored.

    Raises:
        ValueError: the line is not a record of a known kind, or has a value of another type.
        UsageError: the line begins a run in a newer format.
    """
    try:
        line = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError("not valid JSON") from error
    if not isinstance(line, dict):
        raise ValueError(f"not an object: {_say(line)}")
    kind = line.pop("kind", None)
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"unknown kind {_say(kind)}")
    if kind == "start" and _is_number(line.get("version"), int) and line["version"] > VERSION:
        raise UsageError(
            f"format version {line['version']} is newer than {VERSION}, which this eigenview reads: upgrade it"
        )
    if kind == "step":
        line = _gather_open_keys(line)
    return _parse(KINDS[kind], line, kind)


def _gather_open_keys(line: dict[str, Any]) -> dict[str, Any]:
    """Gathers what stands beside the known keys of a step line: numbers are logged, mappings are measures."""
    known = {key: value for key, value in line.items() if key in RESERVED and key not in _OPEN}
    open_keys = {key: value for key, value in line.items() if key not in RESERVED}
    logged, measures = {}, {}
    for key, value in open_keys.items():
        if isinstance(value, dict):
            measures[key] = _parse(dict[str, Value], value, key)
        elif value is None or _is_number(value, int | float):
            logged[key] = value
    return {**known, "logged": logged, "measures": measures}


def _plain(value: Any) -> Any:
    """Mappings, lists and plain values; without the fields that hold nothing by default and do so here."""
    if is_dataclass(value):
        held = [(field, getattr(value, field.name)) for field in fields(value)]
        return {field.name: _plain(item) for field, item in held if not _is_absent(field, item)}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _is_absent(field: Field[Any], item: Any) -> bool:
    return (item is None and field.default is None) or (item == {} and field.default_factory is dict)


def _parse(hint: Any, value: Any, where: str) -> Any:
    """`value` as type `hint`.

    Raises:
        ValueError: it is of another type.
    """
    if is_dataclass(hint) and isinstance(value, dict):
        return _parse_record(cast(type, hint), value, where)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is UnionType or origin is typing.Union:
        return _parse_union(arguments, value, where)
    if origin is dict and isinstance(value, dict):
        return {_text(key): _parse(arguments[1], item, f"{where}.{_text(key)}") for key, item in value.items()}
    if origin is list and isinstance(value, list):
        return [_parse(arguments[0], item, where) for item in value]
    if origin is tuple and isinstance(value, list) and len(value) == len(arguments):
        return tuple(_parse(kind, item, where) for kind, item in zip(arguments, value, strict=True))
    return _parse_plain(hint, value, where)


def _parse_plain(hint: Any, value: Any, where: str) -> Any:
    if typing.get_origin(hint) is Literal and isinstance(value, str) and value in typing.get_args(hint):
        return value
    if hint is float and _is_number(value, int | float) and isfinite(number := float(value)):
        return number
    if hint is int and _is_number(value, int):
        return value
    if hint is str and isinstance(value, str):
        return _text(value)
    if hint is bool and isinstance(value, bool):
        return value
    raise ValueError(f"{where} must be {_name(hint)}, not {_say(value)}")


def _parse_record(cls: type, line: dict[str, Any], where: str) -> Any:
    hints = _hints(cls)
    values = {name: _parse(hints[name], line[name], f"{where}.{name}") for name in hints if name in line}
    absent = [name for name in _required(cls) if name not in values]
    if absent:
        raise ValueError(f"{where} lacks {', '.join(absent)}")
    return cls(**values)


def _parse_union(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    """A value, or None for null and for a number that is not finite."""
    if NoneType in kinds and (value is None or (isinstance(value, float) and not isfinite(value))):
        return None
    given = [kind for kind in kinds if kind is not NoneType]
    mapping = [kind for kind in given if isinstance(value, dict) and typing.get_origin(kind) is dict]
    return _parse((mapping or given)[0], value, where)


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


@cache
def _required(cls: type) -> tuple[str, ...]:
    return tuple(f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING)


def _is_number(value: Any, kind: Any) -> bool:
    """Whether it is one of a usual size; JSON has no bound, and true is not a number."""
    return (
        isinstance(value, kind) and not isinstance(value, bool) and (isinstance(value, float) or abs(value) <= _LARGEST)
    )


def _text(value: str) -> str:
    """Text that can be written: JSON can hold halves of characters."""
    return value.encode("utf-8", "replace").decode()


def _name(hint: Any) -> str:
    names = {int: "an integer", float: "a number", str: "a string", bool: "true or false"}
    origin = typing.get_origin(hint)
    if origin is Literal:
        return " or ".join(map(repr, typing.get_args(hint)))
    return names.get(hint, "a list" if origin in (list, tuple) else "an object")


def _say(value: Any) -> str:
    text = repr(value) if not isinstance(value, dict | list) else type(value).__name__.replace("dict", "an object")
    return _text(text[:40]).replace("None", "null")
