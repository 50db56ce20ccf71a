"""From words to a command: tyro reads them by the commands' types, and every mistake becomes one line."""

import contextlib
import io
import re
import sys
import types
from collections.abc import Iterator
from typing import Annotated, Any

import tyro
import tyro.constructors

from eigenview._errors import UsageError
from eigenview.cli.embed import Embed
from eigenview.cli.inspect import Inspect
from eigenview.cli.predict import Predict
from eigenview.cli.report import Report
from eigenview.cli.reproduce import Reproduce
from eigenview.cli.train import Train
from eigenview.cli.views import Views
from eigenview.config.recipe import Options
from eigenview.config.yaml import read_yaml

Command = Train | Embed | Inspect | Predict | Report | Reproduce | Views
_DESCRIPTION = "See what a self-supervised model is learning: before, during and after training."


def parse(arguments: list[str]) -> Command:
    """The command that the words ask for.

    Args:
        arguments: the words after `eigenview`.

    Raises:
        UsageError: they ask for none.
        SystemExit: they ask for help, which was printed.
    """
    first = _read(arguments, Train())
    if not isinstance(first, Train):
        return first
    # Flags change a recipe, so the words are read once to find which, and once more on top of it.
    start = first.on_its_recipe()
    words = _read(arguments, start)
    return words.on_top_of(start) if isinstance(words, Train) else words


def _read(arguments: list[str], train: Train) -> Command:
    commands = (
        Annotated[Train, tyro.conf.subcommand("train", default=train)]
        | Annotated[Embed, tyro.conf.subcommand("embed")]
        | Annotated[Inspect, tyro.conf.subcommand("inspect")]
        | Annotated[Predict, tyro.conf.subcommand("predict")]
        | Annotated[Report, tyro.conf.subcommand("report")]
        | Annotated[Reproduce, tyro.conf.subcommand("reproduce")]
        | Annotated[Views, tyro.conf.subcommand("views")]
    )
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint), _unchecked_defaults():
            return tyro.cli(
                commands,
                prog="eigenview",
                description=_DESCRIPTION,
                args=arguments or ["--help"],
                registry=_REGISTRY,
            )
    except SystemExit as stop:
        if stop.code in (0, None):
            raise
        raise UsageError(one_line(complaint.getvalue())) from None


@contextlib.contextmanager
def _unchecked_defaults() -> Iterator[None]:
    """Lets tyro believe that defaults are of their types: typeguard, which it would ask, takes 0.1 s to import.

    Ours are dataclasses that check themselves.
    """
    if "typeguard" in sys.modules:
        yield
        return
    believing = types.ModuleType("typeguard")
    believing.__dict__.update(check_type=lambda value, kind: value, TypeCheckError=TypeError)
    sys.modules["typeguard"] = believing
    try:
        yield
    finally:
        del sys.modules["typeguard"]


_REGISTRY = tyro.constructors.ConstructorRegistry()


@_REGISTRY.primitive_rule
def _options(info: tyro.constructors.PrimitiveTypeInfo) -> tyro.constructors.PrimitiveConstructorSpec | None:
    """A component's options are written `width=32 stem=small`, whatever their default."""
    if info.type != Options:
        return None
    return tyro.constructors.PrimitiveConstructorSpec(
        nargs="*",
        metavar="KEY=VALUE ...",
        instance_from_str=lambda words: dict(map(_option, words)),
        is_instance=lambda value: isinstance(value, dict),
        str_from_instance=lambda options: [f"{key}={value}" for key, value in options.items()],
    )


def _option(word: str) -> tuple[str, Any]:
    key, equals, value = word.partition("=")
    if not equals:
        raise ValueError(f"'{word}' must be KEY=VALUE")
    return key, read_yaml(value, f"the value of '{key}'")


def one_line(panel: str) -> str:
    """What tyro says in a box, as one line: the mistake, and what was perhaps meant."""
    # Its box is drawn in Unicode or in ASCII, as the terminal can; a rule parts title, mistake, hints and advice.
    parts = [part.strip(" ─\n") for part in re.split(r"[-─]{3,}", re.sub("[╭╮╰╯│]", "", panel))]
    _title, mistake, *others = [part for part in parts if part]
    # What a recipe says of its own values needs no word on which of them tyro was making.
    mistake = re.sub(r"^Error parsing __tyro-dummy-inner__\S*:\s+", "", mistake)
    hints = [part for part in others if part.startswith(("Perhaps you meant", "Available subcommands"))]
    hint = re.match(r"(Perhaps you meant:\s+\S+|Available.*)", hints[0], re.DOTALL) if hints else None
    return " ".join((f"{mistake}; {hint[0]}" if hint else mistake).split())
