"""Parse nested mappings, as read from YAML, into nested dataclasses, checking every key and type."""

import dataclasses
import types
import typing
from collections.abc import Collection
from typing import Any, Literal, TypeVar, Union

from eigenview._errors import UsageError
from eigenview._names import nearest, respell

T = TypeVar("T")


def from_mapping(cls: type[T], tree: Any, path: str = "", base: T | None = None) -> T:
    """Builds dataclass `cls` from nested mappings; values that they leave out are those of `base`, or the defaults.

    A class with a static method `from_name` can be written as a plain name. A `name` that differs from that of `base`
    replaces its other values too: they belong to the other component. Keys may be spelled in American or British
    English.

    Args:
        cls: dataclass to build.
        tree: nested mappings.
        path: dotted path of `tree`, for error messages.
        base: instance to change.

    Raises:
        UsageError: an unknown key, a value of the wrong type, or one that `cls` itself rejects.
    """
    shorthand = getattr(cls, "from_name", None)
    if shorthand is not None and isinstance(tree, str):
        return shorthand(tree)
    if not isinstance(tree, dict):
        raise UsageError(f"{path or 'a recipe'} must be a mapping of keys to values, not {_say(tree)}")
    hints = typing.get_type_hints(cls)
    tree = _respelled(tree, hints, path)
    if base is not None and "name" in tree and tree["name"] != getattr(base, "name"):  # noqa: B009  # not every T has one
        base = None
    values = {key: _value(hints[key], value, _join(path, key), getattr(base, key, None)) for key, value in tree.items()}
    return cls(**values) if base is None else dataclasses.replace(typing.cast(Any, base), **values)


def _respelled(tree: dict[Any, Any], known: Collection[str], path: str) -> dict[str, Any]:
    """The tree with its keys as the class spells them."""
    found = {}
    for key, value in tree.items():
        name = respell(str(key), known)
        if name not in known:
            raise UsageError(f"unknown key '{_join(path, key)}': {nearest(str(key), known)}")
        if name in found:
            raise UsageError(f"'{_join(path, name)}' is given twice, in two spellings")
        found[name] = value
    return found


def _value(hint: Any, value: Any, path: str, base: Any = None) -> Any:
    """Converts `value` to type `hint`, changing `base` where both are mappings."""
    if dataclasses.is_dataclass(hint):
        return from_mapping(typing.cast(type, hint), value, path, base)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return _one_of(arguments, value, path)
    if origin is Literal:
        if value not in arguments:
            raise UsageError(f"{path} is {_say(value)}: {nearest(str(value), map(str, arguments))}")
        return value
    if origin is tuple and isinstance(value, list | tuple):
        variadic = arguments[-1] is Ellipsis
        if not variadic and len(value) != len(arguments):
            raise UsageError(f"{path} must be {len(arguments)} values, not {len(value)}")
        kinds = [arguments[0]] * len(value) if variadic else arguments
        return tuple(
            _value(kind, item, f"{path}[{i}]") for i, (kind, item) in enumerate(zip(kinds, value, strict=True))
        )
    if origin is list and isinstance(value, list):
        return [_value(arguments[0], item, f"{path}[{i}]") for i, item in enumerate(value)]
    if origin is dict and isinstance(value, dict):
        given = {str(key): _value(arguments[1], item, _join(path, key)) for key, item in value.items()}
        return {**(base or {}), **given}
    if hint is float:
        return _number(value, path)
    if isinstance(hint, type) and isinstance(value, hint) and (hint is bool or not isinstance(value, bool)):
        return value
    raise UsageError(f"{path} must be {_name(hint)}, not {_say(value)}")


def _one_of(kinds: tuple[Any, ...], value: Any, path: str) -> Any:
    exact = [kind for kind in kinds if type(value) is kind]
    for kind in exact or kinds:
        try:
            return _value(kind, value, path)
        except UsageError as error:
            # For `X | None`, say what X should have been.
            if len(kinds) == 2 and type(None) in kinds and kind is not type(None):
                raise UsageError(f"{error} (or null)") from error
    raise UsageError(f"{path} must be {' or '.join(map(_name, kinds))}, not {_say(value)}")


def _number(value: Any, path: str) -> float:
    # A number in quotes is meant as a number.
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            return float(value)
        except (ValueError, OverflowError):
            pass
    raise UsageError(f"{path} must be a number, not {_say(value)}")


def _join(path: str, key: Any) -> str:
    return f"{path}.{key}" if path else str(key)


def _name(hint: Any) -> str:
    names = {int: "an integer", float: "a number", str: "text", bool: "true or false", type(None): "null"}
    origin = typing.get_origin(hint) or hint
    return names.get(hint, {tuple: "a list", list: "a list", dict: "a mapping"}.get(origin, str(hint)))


def _say(value: Any) -> str:
    return "null" if value is None else f"'{value}'" if isinstance(value, str) else str(value)
