"""Tables that say the same on a wide terminal, on a narrow one and through a pipe."""

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

import rich.table
from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.segment import Segment, Segments
from rich.text import Text

PIPED_WIDTH = 10_000  # characters: without a terminal, a row is one line, for `grep` and `cut`
_LEAST_PROSE = 24  # characters that a column of prose is at least worth
_INDENT = 4


def table_console() -> Console:
    """Standard output: coloured on a terminal; elsewhere plain, without wrapping."""
    console = Console()
    return console if console.is_terminal else Console(width=PIPED_WIDTH, no_color=True)


class Table:
    """A table that never cuts a cell.

    Where a terminal is too narrow, headers and prose wrap; where it is narrower, prose goes below its row; where it is
    narrower still, each row becomes a few lines that repeat the headers.

    Args:
        columns: the headers; those in parentheses are of numbers, aligned to the right.
        prose: the headers of columns whose cells are long enough to wrap.
        title: a line above the table.
    """

    def __init__(self, *columns: str, prose: Collection[str] = (), title: str = "") -> None:
        self._headers = [column[1:-1] if column.startswith("(") else column for column in columns]
        self._numbers = [column.startswith("(") for column in columns]
        self._prose = [column in prose for column in columns]
        self._title = title
        self._rows: list[tuple[list[Text], str]] = []

    def add_row(self, *cells: str | Text, style: str = "") -> None:
        """Adds a row; a cell is shown as it is, without markup."""
        texts = [cell if isinstance(cell, Text) else Text(cell) for cell in cells]
        if len(texts) != len(self._headers):
            raise ValueError(f"a row of {len(texts)} cells in a table of {len(self._headers)} columns")
        self._rows.append((texts, style))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        if self._title:
            yield Text(self._title, style="italic")
        columns = range(len(self._headers))
        short = [i for i in columns if not self._prose[i]]
        # A terminal gets a rule below the header; a file gets none.
        rule = console.is_terminal
        if widths := self._widths(columns, options.max_width, rule):
            yield self._table(columns, widths, rule)
        elif widths := self._widths(short, options.max_width, rule):
            yield from self._prose_below(console, options, short, widths, rule)
        else:
            yield from self._stacked(options.max_width)

    def _widths(self, columns: Sequence[int], room: int, rule: bool) -> list[int] | None:
        """Widths at which headers and prose may wrap but nothing else; None where there is no room for that."""
        least, most = [], []
        for i in columns:
            cells = max((_width(cells[i]) for cells, _ in self._rows), default=0)
            most.append(max(cells, _width(self._headers[i]), 1))
            word = max((cell_len(word) for word in self._headers[i].split()), default=0)
            least.append(max(word, min(cells, _LEAST_PROSE) if self._prose[i] else cells, 1))
        spare = room - sum(least) - 2 * len(least) - (len(least) + 1 if rule else 0)
        needed = sum(most) - sum(least)
        if spare < 0:
            return None
        # Cumulative shares, so that what rounding takes from one column goes to the next.
        wanted = [0]
        for low, high in zip(least, most, strict=True):
            wanted.append(wanted[-1] + high - low)
        shares = [part if spare >= needed else part * spare // needed for part in wanted]
        return [low + high - before for low, (before, high) in zip(least, pairwise(shares), strict=True)]

    def _table(self, columns: Sequence[int], widths: Sequence[int], rule: bool) -> rich.table.Table:
        table = rich.table.Table(box=box.SIMPLE_HEAD if rule else None)
        at = "top" if any(self._prose[i] for i in columns) else "bottom"
        for i, width in zip(columns, widths, strict=True):
            justify = "right" if self._numbers[i] else "left"
            table.add_column(Text(self._headers[i]), justify=justify, width=width, overflow="fold", vertical=at)
        for cells, style in self._rows:
            table.add_row(*(cells[i] for i in columns), style=style)
        return table

    def _prose_below(
        self, console: Console, options: ConsoleOptions, short: Sequence[int], widths: Sequence[int], rule: bool
    ) -> Iterator[RenderableType]:
        rendered = console.render_lines(self._table(short, widths, rule), options, pad=False)
        lines = [Segments([*line, Segment.line()]) for line in rendered]
        end = len(lines) - rule  # the rule's box ends with an empty line
        begin = end - len(self._rows)
        header_end = begin - rule
        prose = [i for i, is_prose in enumerate(self._prose) if is_prose]
        yield from lines[:header_end]
        yield _indented(Text(" · ".join(self._headers[i] for i in prose), style="bold"))
        yield from lines[header_end:begin]
        for (cells, style), line in zip(self._rows, lines[begin:end], strict=True):
            yield line
            yield from (_indented(cells[i], style) for i in prose if cells[i].plain)
        yield from lines[end:]

    def _stacked(self, room: int) -> Iterator[RenderableType]:
        """The first cell of each row, and below it the others behind their headers."""
        if self._headers[0]:
            yield Text(self._headers[0], style="bold")
        for cells, style in self._rows:
            if cells[0].plain:
                yield Text.assemble(cells[0], style=style or "bold")
            named = [
                (Text.assemble(f"{header} ".replace("\n", " ").lstrip(), cell), is_prose)
                for header, is_prose, cell in list(zip(self._headers, self._prose, cells, strict=True))[1:]
                if cell.plain.strip()
            ]
            short = [text for text, is_prose in named if not is_prose]
            yield from (_indented(line, style) for line in _packed(short, room - _INDENT))
            yield from (_indented(text, style) for text, is_prose in named if is_prose)
        yield Text()


def _indented(text: Text, style: str = "") -> Padding:
    return Padding(text, (0, 0, 0, _INDENT), style=style or "none", expand=False)


def _packed(items: Sequence[Text], room: int) -> Iterator[Text]:
    """Lines of items with dots between them; an item is broken only if it is longer than a line."""
    line = Text()
    for item in items:
        if line and line.cell_len + item.cell_len + 3 > room:
            yield line
            line = Text()
        line = Text(" · ").join([line, item]) if line else item
    if line:
        yield line


def _width(text: str | Text) -> int:
    return max((cell_len(line) for line in str(text).splitlines()), default=0)
