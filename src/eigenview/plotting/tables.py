"""Tables on a terminal, and in what its output is piped to."""

from collections.abc import Collection

from rich import box
from rich.console import Console
from rich.table import Table

PIPED_WIDTH = 200  # characters: one row a line


def table_console() -> Console:
    """Standard output: coloured on a terminal, plain and wide enough for `grep` elsewhere."""
    console = Console()
    return console if console.is_terminal else Console(width=PIPED_WIDTH, no_color=True)


def empty_table(console: Console, *columns: str, wrapped: Collection[str] = ()) -> Table:
    """An empty table: of words, then of numbers, whose columns are named in parentheses; cut, where not wrapped."""
    # A terminal gets a rule below the header; a file gets none.
    table = Table(box=box.SIMPLE_HEAD if console.is_terminal else None)
    for column in columns:
        number_column = column.startswith("(")
        justify = "right" if number_column else "left"
        table.add_column(column.strip("()"), justify=justify, no_wrap=column not in wrapped)
    return table
