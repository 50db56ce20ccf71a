"""What a command prints at several widths, for tests that it says the same at each."""

import io
import re
from collections.abc import Callable

from rich.console import Console

NARROW_TO_WIDE = (40, 60, 100)


def printed(show: Callable[[Console], object], width: int, terminal: bool = True) -> str:
    """What is printed on a terminal of some width, or without one."""
    file = io.StringIO()
    show(Console(file=file, width=width, force_terminal=terminal, no_color=True, color_system=None))
    return file.getvalue()


def words(text: str) -> set[str]:
    """All words, without what separates columns."""
    return set(re.sub("[─·]", " ", text).split())


def assert_same_at_every_width(show: Callable[[Console], object]) -> None:
    """Without a terminal and at each width, the same words are printed, and no line is too long."""
    everything = words(printed(show, 10_000, terminal=False))
    for width in NARROW_TO_WIDE:
        text = printed(show, width)
        assert words(text) == everything, width
        assert max(map(len, text.splitlines())) <= width
