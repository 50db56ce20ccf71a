"""Flags as people type them: other spellings, other tools' names, and the nearest flag to an unknown one."""

import dataclasses
import difflib
import re
import typing
from typing import Any

import tyro

from eigenview._errors import UsageError
from eigenview._names import respell
from eigenview.cli.flags import PATHS

_ELSEWHERE = {
    "learning-rate": "lr",
    "wd": "weight-decay",
    "bs": "batch-size",
    "tau": "temperature",
    "loss": "objective",
    "augmentation": "policy",
    "embedding-dim": "dim",
    "output": "out",
    "output-dir": "out",
    "model": "encoder.name",
    "backbone": "encoder.name",
    "arch": "encoder.name",
}
"""What other tools call some flags; the answer to an unknown flag tells ours."""


def spell(words: list[str], command: type) -> list[str]:
    """The words with each flag as its command spells it.

    Args:
        words: the words after the command's name.
        command: the command's dataclass; its `letters` are shorter names of some flags, such as `P` for `batch-size`.

    Raises:
        UsageError: a flag that the command does not have.
    """
    known = [*flags_of(command), "help", "help-all"]
    letters = getattr(command, "letters", {})
    return [_spell(word, known, letters) if re.match(r"--[^\W\d]", word) else word for word in words]


def _spell(word: str, known: list[str], letters: dict[str, str]) -> str:
    name, equals, value = word[2:].partition("=")
    name = respell(letters.get(name, name).replace("_", "-"), known)
    name = next((flag for flag in known if flag.lower() == name.lower()), name)
    if name not in known:
        raise UsageError(f"unknown flag '--{name}': {_hint(name, known)}")
    return f"--{name}{equals}{value}"


def _hint(name: str, known: list[str]) -> str:
    """Which flag was probably meant."""
    elsewhere = _ELSEWHERE.get(name)
    ends = [flag for flag in known if flag.rpartition(".")[2] == name]
    close = difflib.get_close_matches(name, known, n=1)
    meant = [elsewhere] if elsewhere in known else ends or close
    if not meant:
        return "--help lists the flags of this command"
    return f"did you mean {' or '.join(f'--{flag}' for flag in meant)}?"


def flags_of(command: type, prefix: str = "") -> list[str]:
    """The names of a command's flags, without their dashes: `batch-size`, `training.P`."""
    hints = typing.get_type_hints(command, include_extras=True)
    return [name for field in dataclasses.fields(command) for name in _names(field.name, hints[field.name], prefix)]


def _names(field: str, hint: Any, prefix: str) -> list[str]:
    kind, *marks = typing.get_args(hint) if typing.get_origin(hint) is typing.Annotated else (hint,)
    if tyro.conf.Positional in marks:
        return []
    renamed = next((mark.name for mark in marks if getattr(mark, "name", None) is not None), None)
    name = prefix + (field if renamed is None else renamed).replace("_", "-")
    if dataclasses.is_dataclass(kind):
        return flags_of(typing.cast(type, kind), f"{name}." if name else "")
    if kind is bool and tyro.conf.FlagCreatePairsOff not in marks:
        head, dot, tail = name.rpartition(".")
        return [name, f"{head}{dot}no-{tail}"]
    return [name]


def in_their_words(message: str, words: list[str]) -> str:
    """An error about a value of the recipe, by the flag that the user typed: `--batch-size`, not `training.P`."""
    typed = {word[2:].partition("=")[0].replace("-", "_") for word in words if word.startswith("--")}
    for name in typed & PATHS.keys():
        message = re.sub(rf"(?<![\w.-]){re.escape(PATHS[name])}\b", f"--{name.replace('_', '-')}", message)
    return message
