"""Long work shows how far it is, on a terminal and through a pipe."""

import io
import re
import time
from threading import active_count

import pytest
from rich.console import Console

from eigenview import _progress
from eigenview._progress import Tracker, rough_duration, track


def file_console(**options) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, width=80, **options), file


def test_without_a_terminal_there_is_a_line_now_and_then_also_while_one_item_lasts():
    console, file = file_console()
    with track("views of [a] run", 40, console, every=0.05) as progress:
        time.sleep(0.3)
        progress.advance(12)
        progress.update("views of another", 13)
        time.sleep(0.3)
    lines = file.getvalue().splitlines()
    assert lines[0] == "views of [a] run: 0 of 40, after 0 s"
    assert re.fullmatch(r"views of another: 13 of 40, about \d+ s left", lines[-1])
    assert len(lines) <= 14
    time.sleep(0.15)
    assert file.getvalue().splitlines() == lines, "the writer goes on after the work"


def test_short_work_without_a_terminal_writes_nothing():
    console, file = file_console()
    with track("views", 3, console) as progress:
        progress.advance(3)
    assert file.getvalue() == ""


def test_no_line_is_written_after_an_error():
    console, file = file_console()
    with pytest.raises(ValueError, match="broken"), track("views", 3, console, every=0.05):
        raise ValueError("broken")
    time.sleep(0.15)
    assert file.getvalue() == ""


def test_on_a_terminal_there_is_a_bar_that_goes():
    console, file = file_console(force_terminal=True)
    with track("views of [a] run", 40, console) as progress:
        time.sleep(0.01)
        progress.advance(20)
        bar_time_left = progress.time_left()
        progress.advance(20)
    text = file.getvalue()
    assert "views of [a] run" in text
    assert "100%" in text
    assert bar_time_left == "about 0 s left"
    assert bar_time_left in text
    assert text.endswith("\x1b[2K"), "the bar is erased"


def test_the_time_left_goes_by_the_rate_so_far(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(_progress.time, "monotonic", lambda: now[0])
    tracker = Tracker("views", 5000, done=1000)
    tracker.advance(1000)
    now[0] = 60.0
    assert tracker.line() == "views: 2,000 of 5,000, about 3 min left"


def test_a_caller_may_estimate_the_time_left_and_word_the_position():
    left, position = (None, 180.0), "[{0.done}/{0.total}] {0.label}".format
    tracker = Tracker("first", 2, position=position, seconds_left=lambda t: left[t.done])
    assert tracker.line() == "[0/2] first, after 0 s"
    tracker.update("second", 1)
    assert tracker.line() == "[1/2] second, about 3 min left"


def test_a_line_comes_only_when_none_was_written_for_a_while(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(_progress.time, "monotonic", lambda: now[0])
    console, file = file_console()
    with track("views", 40, console, every=0.05) as progress:
        time.sleep(0.2)
        assert file.getvalue() == ""
        now[0] = 60.0
        for _ in range(500):
            if progress.written == 60.0 and file.getvalue():
                break
            time.sleep(0.02)
        time.sleep(0.2)
        progress.say("a measurement")
        time.sleep(0.2)
    assert file.getvalue().splitlines() == ["views: 0 of 40, after 60 s", "a measurement"]


def test_a_line_of_the_work_puts_off_the_next(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(_progress.time, "monotonic", lambda: now[0])
    tracker = Tracker("views", 40)
    now[0] = 60.0
    tracker.say("a measurement")
    assert tracker.written == 60.0


def test_a_quiet_console_gets_no_thread():
    threads = active_count()
    with track("views", 40, Console(quiet=True)):
        assert active_count() == threads


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (41.2, "41 s"), (99.5, "2 min"), (180, "3 min"), (7500, "2 h 05 min")]
)
def test_rough_durations(seconds, words):
    assert rough_duration(seconds) == words
