"""From words to a command: tyro reads them by the command's types, and every mistake becomes one line."""

import contextlib
import inspect
import io
import re
import shutil
import textwrap
from pathlib import Path
from typing import Annotated, Any, Union

import tyro
import tyro.constructors

from eigenview._errors import UsageError
from eigenview._names import nearest
from eigenview.cli.completion import Completion
from eigenview.cli.embed import Embed
from eigenview.cli.inspect import Inspect
from eigenview.cli.paths import Paths
from eigenview.cli.predict import Predict
from eigenview.cli.report import Report
from eigenview.cli.reproduce import Reproduce
from eigenview.cli.spelling import spell
from eigenview.cli.train import Train, TrainWithRecipe
from eigenview.cli.views import Views
from eigenview.config.sections import Options
from eigenview.config.yaml import read_yaml

Command = TrainWithRecipe | Embed | Inspect | Predict | Report | Reproduce | Views | Completion
COMMANDS: dict[str, type] = {
    "train": TrainWithRecipe,
    "embed": Embed,
    "inspect": Inspect,
    "predict": Predict,
    "report": Report,
    "reproduce": Reproduce,
    "views": Views,
    "completion": Completion,
}
_DESCRIPTION = """See what a self-supervised model is learning: before, during and after training.

`eigenview COMMAND --help` explains a command; `eigenview --version` prints the version.
"""


def parse(words: list[str]) -> Command:
    """The command that the words ask for.

    Args:
        words: the words after `eigenview`.

    Raises:
        UsageError: an unknown command or flag, or a value that it cannot take.
        SystemExit: help was asked for, and printed.
    """
    name, *rest = words or ["--help"]
    if name in ("-h", "--help", "--help-all"):
        _read(all_commands(), "eigenview", ["--help"], description=_wrap(_DESCRIPTION))
    if name not in COMMANDS:
        raise UsageError(f"unknown command '{name}': {nearest(name, COMMANDS)}")
    rest = spell(rest, COMMANDS[name])
    if name == "train":
        return _train(rest)
    rest = ["--help" if word == "--help-all" else word for word in rest]
    return _read(COMMANDS[name], f"eigenview {name}", rest)


def _train(words: list[str]) -> TrainWithRecipe:
    if "--help" in words or "-h" in words:
        _read(Train, "eigenview train", ["--help"])
    # Flags change a recipe, so the words are read once to find which, and once more on top of it.
    first = _read(TrainWithRecipe, "eigenview train", words)
    start = first.on_its_recipe()
    if first.help_all:
        _read(TrainWithRecipe, "eigenview train", ["--help"], default=start)
    return _read(TrainWithRecipe, "eigenview train", words, default=start).on_top_of(start)


def _read(command: Any, program: str, words: list[str], **settings: Any) -> Any:
    complaint = io.StringIO()
    settings.setdefault("description", _wrap(command.__doc__ or ""))
    try:
        with contextlib.redirect_stderr(complaint):
            return tyro.cli(
                command,
                prog=program,
                args=words,
                registry=REGISTRY,
                **{"description": _wrap(command.__doc__ or ""), **settings},
            )
    except SystemExit as stop:
        if stop.code in (0, None):
            raise
        raise UsageError(one_line(complaint.getvalue())) from None


def _wrap(description: str) -> str:
    """The description of a command, as wide as the help below it."""
    first, *others = inspect.cleandoc(description).split("\n\n")
    width = min(shutil.get_terminal_size().columns, 80)
    # tyro would join lines that are not indented.
    wrapped = (textwrap.fill(other, width, initial_indent="  ", subsequent_indent="  ") for other in others)
    return "\n".join([first, *wrapped])


def all_commands() -> Any:
    """All commands as one type, for the list of them and for the completion of shells."""
    kinds = (
        Annotated[command, tyro.conf.subcommand(name, description=(command.__doc__ or "").partition("\n")[0])]
        for name, command in COMMANDS.items()
    )
    return Union[tuple(kinds)]  # noqa: UP007


REGISTRY = tyro.constructors.ConstructorRegistry()


@REGISTRY.primitive_rule
def _options(info: tyro.constructors.PrimitiveTypeInfo) -> tyro.constructors.PrimitiveConstructorSpec | None:
    """A component's options are written `width=32 stem=small`."""
    if info.type not in (Options, dict):
        return None
    return tyro.constructors.PrimitiveConstructorSpec(
        nargs="*",
        metavar="KEY=VALUE ...",
        instance_from_str=lambda words: dict(map(_option, words)),
        is_instance=lambda value: isinstance(value, dict),
        str_from_instance=lambda options: [f"{key}={value}" for key, value in options.items()],
    )


@REGISTRY.primitive_rule
def _paths(info: tyro.constructors.PrimitiveTypeInfo) -> tyro.constructors.PrimitiveConstructorSpec | None:
    if info.type is not Paths:
        return None
    return tyro.constructors.PrimitiveConstructorSpec(
        nargs="*",
        metavar="PATH ...",
        instance_from_str=lambda words: Paths(map(Path, words)),
        is_instance=lambda value: isinstance(value, Paths),
        str_from_instance=lambda paths: [str(path) for path in paths],
    )


def _option(word: str) -> tuple[str, Any]:
    key, equals, value = word.partition("=")
    if not equals:
        raise ValueError(f"'{word}' must be KEY=VALUE")
    return key, read_yaml(value, f"the value of '{key}'")


def one_line(panel: str) -> str:
    """The mistake that tyro explains in a box, in one line."""
    # The box is drawn in Unicode or in ASCII, as the terminal can; a rule separates title, mistake and advice.
    parts = [part.strip(" ─\n") for part in re.split(r"[-─]{3,}", re.sub("[╭╮╰╯│]", "", panel))]
    _title, mistake, *_advice = [part for part in parts if part]
    missing = re.match(r"Missing from (eigenview \w+):", mistake)
    if missing is not None:
        names = re.findall(r"^ {5,6}(\S.*?) *$", mistake, re.MULTILINE)  # their help is indented further
        return f"missing {', '.join(names)}: {missing[1]} --help explains the arguments"
    # An error of the recipe names its value itself.
    mistake = re.sub(r"^Error parsing (--)?settings\S*:\s+", "", mistake)
    mistake = " ".join(mistake.split()).replace("Unrecognized options:", "unexpected argument:")
    if (valueless := _VALUELESS.match(mistake)) is not None:
        return f"{valueless[1]} needs {'a value' if valueless[2] == '1' else f'{valueless[2]} values'}"
    if (choice := _CHOICE.match(mistake)) is not None:
        known = ", ".join(sorted({*re.findall("'(.*?)'", choice[3])} - {"None"}))
        return f"{choice[2]} must be one of {known}, not '{choice[1]}'"
    number = _NUMBER.match(mistake)
    if number is None:
        return mistake
    flag, optional, text, whole, real = number.groups()
    kind = "an integer" if optional == "INT" or whole is not None else "a number"
    return f"{flag} must be {kind}, not '{text or whole or real or ''}'"


_VALUELESS = re.compile(r"Missing value for argument '(\S+)'\. Expected (\d+) values")
_CHOICE = re.compile(r"invalid choice '(.*?)' for argument '(\S+)'\. Expected one of (\(.*\))")
_NUMBER = re.compile(
    r"Error parsing (\S+): (?:no type matching \{None\}\|(INT|FLOAT) could be instantiated from \['(.*?)'\]"
    r"|invalid literal for int\(\) with base 10: '(.*?)'|could not convert string to float: '(.*?)')"
)
