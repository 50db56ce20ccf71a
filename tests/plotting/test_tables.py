"""A table says the same at every width, and never more than fits."""

import re

import pytest
from rich.text import Text

from eigenview.plotting.tables import Table, table_console
from tests.widths import printed as printed_by
from tests.widths import words

WIDTHS = (25, 40, 60, 80, 100, 160)


def printed(table: Table, width: int, terminal: bool = True) -> str:
    return printed_by(lambda console: console.print(table), width, terminal)


def verdicts() -> Table:
    table = Table("experiment", "claim", "verdict", "(runs)", "measured", prose=("claim", "measured"))
    table.add_row(
        "mmcr/double_descent",
        "The error of a probe peaks where the samples are as many as the dimensions [a, b]",
        Text("holds", style="green"),
        "1,437",
        "a peak of 12.1% at P = D = 64, of 3.2% at its left and 2.5% at its right",
    )
    table.add_row("", "A ReLU network has such a peak as well", "not tested", "3", "")
    return table


@pytest.mark.parametrize("width", WIDTHS)
def test_all_words_are_there_and_no_line_is_too_long(width):
    text = printed(verdicts(), width)
    assert words(text) == words(printed(verdicts(), 400))
    assert max(map(len, text.splitlines())) <= width
    assert "[a, b]" in " ".join(text.split())


def test_without_a_terminal_a_row_is_a_line():
    wide = printed(verdicts(), 10_000, terminal=False)
    header, first, second = wide.splitlines()
    assert header.split() == ["experiment", "claim", "verdict", "runs", "measured"]
    assert first.split()[0] == "mmcr/double_descent"
    assert first.rstrip().endswith("2.5% at its right")
    assert "not tested" in second
    assert "─" not in wide


def test_a_narrower_terminal_wraps_first_then_puts_prose_below_then_stacks():
    # Beside each other, wrapped; below its row; behind its header.
    assert re.search(r"mmcr/double_descent +The error .* +holds +1,437 +a peak", printed(verdicts(), 110))
    assert re.search(r"mmcr/double_descent +holds +1,437 *\n    The error of", printed(verdicts(), 60))
    assert re.search(r"mmcr/double_descent *\n    verdict holds · runs 1,437", printed(verdicts(), 40))


def test_numbers_are_aligned_to_the_right_and_headers_wrap():
    table = Table("", "(told from noise)", "(of all)")
    table.add_row("a", "1", "23%")
    table.add_row("b", "1,437", "4%")
    lines = printed(table, 32).splitlines()
    assert any(line.rstrip().endswith("23%") for line in lines)
    assert {len(line.rstrip()) for line in lines if line.strip()[:1] in ("a", "b")} == {len(lines[-2].rstrip())}
    assert words(printed(table, 20)) == words(printed(table, 100))
    assert printed(table, 100).splitlines()[1].strip().startswith("told from noise")


def test_titles_are_shown_and_a_row_must_be_whole():
    table = Table("probe", "(accuracy)", title="held-out images")
    table.add_row("kNN", "98.1%")
    assert printed(table, 80).splitlines()[0] == "held-out images"
    with pytest.raises(ValueError, match="a row of 1 cells in a table of 2 columns"):
        table.add_row("kNN")


def test_standard_output_is_not_wrapped_where_it_is_no_terminal(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "40")
    table_console().print(Text("word " * 100))
    assert len(capsys.readouterr().out.splitlines()) == 1
