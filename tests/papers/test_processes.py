"""Processes that end with the one that started them."""

import subprocess
import sys

import torch

from eigenview.papers.processes import processes

_KILLED_WHILE_ITS_PROCESS_IS_BUSY = """
import os, signal, time
from eigenview.papers.processes import processes
pool = processes(1)
pool.submit(int).result()
for _ in range(3):
    pool.submit(time.sleep, 600)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_they_have_one_thread_each():
    with processes(2) as pool:
        asked = [pool.submit(torch.get_num_threads) for _ in range(2)]
        assert [each.result() for each in asked] == [1, 1]


def test_none_outlives_a_killed_starter():
    # A pipe's end is read once nobody has it open: neither the starter nor what it started.
    starter = subprocess.run([sys.executable, "-c", _KILLED_WHILE_ITS_PROCESS_IS_BUSY], capture_output=True, timeout=90)
    assert starter.returncode == -9
