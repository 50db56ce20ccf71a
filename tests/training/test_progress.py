"""What training shows on a terminal and through a pipe."""

import io
import re
import time
from dataclasses import replace

import pytest
from rich.console import Console

from eigenview.runs import StepRecord
from eigenview.training import progress as progress_module
from eigenview.training.progress import TrainingProgress

RECORD = StepRecord(
    1, images_per_s=1234.5, loss=-1.2345, scale=0.5, effective_rank={"features": 12.34, "embeddings": 5.67}
)
NUMBERS = "1,234 images/s · loss -1.234 (50% of best) · effective rank h 12.3, z 5.7"


@pytest.fixture
def seconds(monkeypatch) -> list[float]:
    """The clock, which tests set."""
    now = [0.0]
    monkeypatch.setattr(progress_module.time, "perf_counter", lambda: now[0])
    return now


@pytest.mark.parametrize("width", [20, 60, 200])
def test_through_a_pipe_each_measurement_is_a_whole_line_with_the_time_left(width, seconds):
    said = io.StringIO()
    with TrainingProgress(Console(file=said, width=width), steps=1000, step=400) as progress:
        for last, step, now in ((400, 401, 50.0), (401, 402, 51.0), (402, 500, 149.0), (500, 1000, 700.0)):
            seconds[0] = now
            for _ in range(last, step):
                progress.advance()
            progress.measured(replace(RECORD, step=step))
    assert said.getvalue().splitlines() == [
        f"step 401 of 1,000 · {NUMBERS}",
        f"step 402 of 1,000, about 10 min left · {NUMBERS}",
        f"step 500 of 1,000, about 8 min left · {NUMBERS}",
        f"step 1,000 of 1,000 · {NUMBERS}",
    ]


def test_a_narrow_terminal_wraps_the_numbers_and_cuts_none():
    said = io.StringIO()
    console = Console(file=said, width=40, force_terminal=True, color_system=None)
    with TrainingProgress(console, steps=10, step=0) as progress:
        progress.advance()
        progress.measured(RECORD)
    shown = re.sub(r"\x1b\[[0-9?]*[A-Za-z]", "", said.getvalue()).replace("\r", "\n")
    assert "…" not in shown
    assert NUMBERS in re.sub(r"\s+", " ", shown)


def test_through_a_pipe_training_without_measurements_is_not_silent():
    said = io.StringIO()
    with TrainingProgress(Console(file=said), steps=1000, step=400, every=0.02) as progress:
        progress.advance()
        end = time.monotonic() + 10
        while "left" not in said.getvalue() and time.monotonic() < end:
            time.sleep(0.01)
            progress.advance()
    lines = said.getvalue().splitlines()
    assert re.fullmatch(r"step \d+ of 1,000, about \d+ s left", lines[-1])


def test_a_bar_shows_the_time_left_in_the_words_of_a_line(seconds):
    said = io.StringIO()
    console = Console(file=said, width=100, force_terminal=True, color_system=None)
    with TrainingProgress(console, steps=1000, step=400) as progress:
        for now in (50.0, 51.0):
            seconds[0] = now
            progress.advance()
    assert "402/1000 about 10 min left" in said.getvalue()
