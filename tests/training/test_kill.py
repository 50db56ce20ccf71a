"""Real processes, really killed."""

import importlib.util
import signal
import subprocess
import time
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "benchmarks" / "kill_resume.py"
spec = importlib.util.spec_from_file_location("kill_resume", FILE)
assert spec is not None
assert spec.loader is not None
kill_resume = importlib.util.module_from_spec(spec)
spec.loader.exec_module(kill_resume)


def test_a_killed_and_resumed_run_ends_with_the_same_bytes():
    assert kill_resume.compare(kills=1, seed=5)  # at 56% of it, among its updates


def test_ctrl_c_saves_and_ends_with_130(tmp_path):
    out = tmp_path / "run"
    command = [*kill_resume.command(out), "--training.steps", "100000"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    metrics = out / "metrics.jsonl"
    deadline = time.monotonic() + 120
    while not (metrics.exists() and '"step": 1,' in metrics.read_text()):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=120) == 130
    assert list((out / "checkpoints").glob("step-*"))
    assert (out / "report.html").exists()


@pytest.mark.slow
def test_twenty_kills():
    assert kill_resume.compare(kills=20, seed=0)
