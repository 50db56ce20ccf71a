"""Names that users type: built-ins, import paths such as `my_pkg.losses:MyLoss`, options, and their spellings."""

import difflib
import importlib
import inspect
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from eigenview._errors import UsageError

_AMERICAN = {
    "isation": "ization",
    "optimis": "optimiz",
    "normalis": "normaliz",
    "regularis": "regulariz",
    "initialis": "initializ",
    "centre": "center",
    "centring": "centering",
    "colour": "color",
    "grey": "gray",
}


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint to end an error with: the known name closest to `name`, or all of them."""
    known = sorted(known)
    by_lower = {k.lower(): k for k in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return f"did you mean '{by_lower[close[0]]}'?" if close else f"choose from {', '.join(known)}"


def respell(name: str, known: Iterable[str]) -> str:
    """The known name that `name` spells in American or British English, or `name` itself if there is none."""
    known = list(known)
    if name in known:
        return name
    return next((k for k in known if _american(k) == _american(name)), name)


def _american(name: str) -> str:
    for british, american in _AMERICAN.items():
        name = name.replace(british, american)
    return name


def resolve(name: str, builtins: Mapping[str, Callable[..., Any]], what: str) -> Callable[..., Any]:
    """The class or function that `name` stands for.

    Args:
        name: a key of `builtins` in any case, or an import path `module:attribute`; modules in the current
            directory can be imported.
        builtins: classes and functions that need no path.
        what: the kind of thing, for the error ("objective").

    Raises:
        UsageError: an unknown built-in, module or attribute.
    """
    if ":" in name:
        return _imported(name, what)
    by_lower = {key.lower(): value for key, value in builtins.items()}
    if name.lower() not in by_lower:
        raise UsageError(f"unknown {what} '{name}': {nearest(name, builtins)}")
    return by_lower[name.lower()]


def check_import_path(path: Any, what: str) -> None:
    """Checks that `path` reads `module:name`, without importing it.

    Raises:
        UsageError: it does not.
    """
    module_name, _, attribute = path.partition(":") if isinstance(path, str) else ("", "", "")
    parts = (*module_name.split("."), *attribute.split("."))
    if not all(part.isidentifier() for part in parts):
        raise UsageError(f"{what} {path!r} is not an import path: write module:name, such as my_pkg.losses:MyLoss")


def import_object(path: str, what: str) -> Any:
    """What an import path `module:attribute` names; modules of the current directory are found.

    Raises:
        UsageError: no such module or attribute.
    """
    check_import_path(path, what)
    module_name, _, attribute = path.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        found = importlib.import_module(module_name)
    except Exception as error:  # whatever the user's module does when it is imported
        raise UsageError(f"{what} '{path}' cannot be imported: {type(error).__name__}: {error}") from error
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise UsageError(f"{what} '{path}': module '{module_name}' has no '{attribute}'")
        found = getattr(found, part)
    return found


def _imported(path: str, what: str) -> Callable[..., Any]:
    found = import_object(path, what)
    if not callable(found):
        raise UsageError(f"{what} '{path}' must be a class or a function, not {type(found).__name__}")
    return found


def build(name: str, options: Mapping[str, Any], builtins: Mapping[str, Callable[..., Any]], what: str) -> Any:
    """Calls the class or function that `name` stands for, after checking `options` against its signature.

    Options may be spelled in American or British English.

    Raises:
        UsageError: an unknown name, an unknown option, a missing option, or a value that it rejects.
    """
    make = resolve(name, builtins, what)
    try:
        signature = inspect.signature(make)
    except ValueError as error:
        raise UsageError(f"{what} '{name}' has no inspectable signature: name a class or a function") from error
    takes_any = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
    options = {respell(option, signature.parameters): value for option, value in options.items()}
    for option in options:
        if option not in signature.parameters and not takes_any:
            raise UsageError(f"{what} '{name}' has no option '{option}': {nearest(option, signature.parameters)}")
        _check_type(signature.parameters.get(option), options[option], f"{what} '{name}': {option}")
    try:
        signature.bind(**options)
        return make(**options)
    except Exception as error:  # whatever the user's class does with what it was given
        raise UsageError(f"{what} '{name}': {error}") from error


def _check_type(parameter: inspect.Parameter | None, value: Any, where: str) -> None:
    """Checks a value against a plain annotation; other annotations are for the class itself to check."""
    plain = {int: "an integer", float: "a number", bool: "true or false", str: "text"}
    if parameter is None or parameter.annotation not in plain:
        return
    kind: type = parameter.annotation
    fits = isinstance(value, (int, float) if kind is float else kind) and (kind is bool or not isinstance(value, bool))
    if not fits:
        raise UsageError(f"{where} must be {plain[kind]}, not {value!r}")
