"""Progress of a reproduction where there is no terminal."""

import time
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


def wait_for(file: StringIO, words: str, times: int = 1) -> None:
    """Sleeps until a thread has written words, for at most 10 s."""
    end = time.monotonic() + 10
    while file.getvalue().count(words) < times and time.monotonic() < end:
        time.sleep(0.01)


def test_an_experiment_begins_with_a_line_that_says_what_it_shows_and_the_time_left(clock):
    file = StringIO()
    with ReproductionProgress(Console(file=file, width=60), (FIRST, SECOND), "cpu") as progress:
        progress.start(FIRST)
        clock[0] = 900  # longer than expected
        progress.start(SECOND)
    assert file.getvalue().splitlines() == [
        "[1/2] mine/first (about 10 min): A fall; about 15 min left",
        "[2/2] mine/second (about 5 min): A rise; about 5 min left",
    ]


def test_an_experiment_that_reports_nothing_is_not_silent_through_a_pipe():
    file = StringIO()
    experiment = Experiment("mine", "silent", "Nothing", {"cpu": "10 min"}, lambda *_: wait_for(file, "\n", 3))
    with ReproductionProgress(Console(file=file), (experiment, SECOND), "cpu", every=0.02) as progress:
        progress.start(experiment)
        experiment.run("cpu", None)  # pyright: ignore[reportArgumentType]
    lines = file.getvalue().splitlines()
    assert lines[0] == "[1/2] mine/silent (about 10 min): Nothing; about 15 min left"
    assert lines[1:3] == ["[1/2] mine/silent, about 15 min left"] * 2


def test_a_line_names_the_part_that_the_experiment_has_come_to():
    file = StringIO()
    with ReproductionProgress(Console(file=file), (FIRST,), "cpu", every=0.02) as progress:
        progress.start(FIRST)
        progress.report("run 2 of 9")
        wait_for(file, "run 2 of 9")
    assert "[1/1] mine/first: run 2 of 9, about 10 min left" in file.getvalue().splitlines()


def test_without_an_estimate_a_line_gives_the_time_so_far(clock):
    file = StringIO()
    with ReproductionProgress(Console(file=file), (UNKNOWN,), "cpu") as progress:
        progress.start(UNKNOWN)
        clock[0] = 20
        line = progress.tracker.line()
    assert file.getvalue() == "[1/1] mine/unknown (duration unknown): Nobody knows\n"
    assert line == "[1/1] mine/unknown, after 20 s"


def test_a_cost_that_has_passed_is_no_estimate(clock):
    with ReproductionProgress(Console(file=StringIO()), (FIRST,), "cpu") as progress:
        progress.start(FIRST)
        clock[0] = 720
        assert progress.tracker.line() == "[1/1] mine/first, after 12 min"


def test_a_terminal_has_a_bar_with_the_time_left_and_no_lines():
    file = StringIO()
    with ReproductionProgress(Console(file=file, force_terminal=True, width=100), (FIRST,), "cpu") as progress:
        progress.start(FIRST)
        progress.report("run 2 of 9")
    assert "run 2 of 9" in file.getvalue()
    assert "about 10 min left" in file.getvalue()
    assert "[1/1]" not in file.getvalue()
