"""From words to a command: tyro reads them by the commands' types, and every mistake becomes one line."""

import contextlib
import io
import re
from typing import Annotated

import tyro

from eigenview._errors import UsageError
from eigenview.cli.embed import Embed
from eigenview.cli.report import Report
from eigenview.cli.train import Train
from eigenview.cli.views import Views

Command = Train | Embed | Report | Views
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
    # Flags change a recipe, so the words are read once to find which, and once more on top of it.
    return _read(arguments, first.on_its_recipe()) if isinstance(first, Train) else first


def _read(arguments: list[str], train: Train) -> Command:
    commands = (
        Annotated[Train, tyro.conf.subcommand("train", default=train)]
        | Annotated[Embed, tyro.conf.subcommand("embed")]
        | Annotated[Report, tyro.conf.subcommand("report")]
        | Annotated[Views, tyro.conf.subcommand("views")]
    )
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            return tyro.cli(commands, prog="eigenview", description=_DESCRIPTION, args=arguments or ["--help"])  # pyright: ignore
    except SystemExit as stop:
        if stop.code in (0, None):
            raise
        raise UsageError(one_line(complaint.getvalue())) from None


def one_line(panel: str) -> str:
    """What tyro says in a box, as one line: the mistake, and what was perhaps meant."""
    body = " \\n".join(line.strip("│ ") for line in panel.splitlines() if not line.startswith(("╭", "╰")))
    mistake, *others = [part.strip() for part in re.split(r"─{3,}", body)]
    hints = [part for part in others if part.startswith(("Perhaps you meant", "Available subcommands"))]
    hint = re.match(r"(Perhaps you meant:\\s+\\S+|Available.*)", hints[0], re.DOTALL) if hints else None
    return " ".join((f"{mistake}; {hint[0]}" if hint else mistake).split())
