"""Processes that end with the one that started them."""

import subprocess
import sys

import pytest
import torch

from eigenview.papers.processes import process_pool

_ENDS_WHILE_ITS_PROCESS_IS_BUSY = """
import os, signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
from eigenview.papers.processes import process_pool
with process_pool(1) as pool:
    pool.submit(int).result()
    for _ in range(3):
        pool.submit(time.sleep, 600)
    {end}
"""


def test_they_have_one_thread_each():
    with process_pool(2) as pool:
        asked = [pool.submit(torch.get_num_threads) for _ in range(2)]
        assert [each.result() for each in asked] == [1, 1]


@pytest.mark.parametrize(
    ("end", "code"), [("os.kill(os.getpid(), signal.SIGKILL)", -9), ("os.kill(os.getpid(), signal.SIGINT)", -2)]
)
def test_none_outlives_a_killed_or_interrupted_starter(end, code):
    # A pipe's end is read once nobody has it open: neither the starter nor what it started.
    script = _ENDS_WHILE_ITS_PROCESS_IS_BUSY.format(end=end)
    starter = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=90, text=True)
    assert starter.returncode == code
    assert code == -9 or "leaked" not in starter.stderr
