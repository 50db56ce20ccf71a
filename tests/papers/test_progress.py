"""Progress of a reproduction where there is no terminal."""

from io import StringIO

import pytest
from rich.console import Console

from eigenview.papers import Experiment
from eigenview.papers import progress as module
from eigenview.papers.progress import ReproductionProgress

FIRST = Experiment("mine", "first", "A fall", {"cpu": "10 min"})
SECOND = Experiment("mine", "second", "A rise", {"cpu": "5 min"})
UNKNOWN = Experiment("mine", "unknown", "Nobody knows")


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    """The time in seconds, which tests advance."""
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_lines_say_which_experiment_runs_and_the_time_left(clock):
    file = StringIO()
    with ReproductionProgress(Console(file=file, width=60), (FIRST, SECOND), "cpu") as progress:
        progress.start(FIRST)
        clock[0] = 10
        progress.report("run 1 of 9")  # too early for another line
        clock[0] = 60
        progress.report("run 2 of 9")
        progress.report("run 3 of 9")
        clock[0] = 900  # longer than expected
        progress.start(SECOND)
    assert file.getvalue().splitlines() == [
        "[1/2] mine/first, about 10 min: A fall; about 15 min 00 s left",
        "[1/2] mine/first: run 2 of 9; about 14 min 00 s left",
        "[2/2] mine/second, about 5 min: A rise; about 5 min 00 s left",
    ]


def test_an_unknown_cost_leaves_the_time_left_out(clock):
    file = StringIO()
    with ReproductionProgress(Console(file=file), (UNKNOWN,), "cpu") as progress:
        progress.start(UNKNOWN)
    assert file.getvalue() == "[1/1] mine/unknown, of unknown duration: Nobody knows\n"


def test_a_terminal_has_a_bar_and_no_lines(clock):
    file = StringIO()
    with ReproductionProgress(Console(file=file, force_terminal=True, width=100), (FIRST,), "cpu") as progress:
        progress.start(FIRST)
        clock[0] = 60
        progress.report("run 2 of 9")
    assert "run 2 of 9" in file.getvalue()
    assert "[1/1]" not in file.getvalue()
