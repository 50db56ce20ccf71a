"""Processes of one thread each, which end with the one that started them."""

import os
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread

import torch


def processes(workers: int) -> ProcessPoolExecutor:
    """A pool of processes of one thread each; should this process be killed, they stop as if asked to by SIGTERM."""
    # Spawned: torch's threads do not survive a fork.
    return ProcessPoolExecutor(workers, get_context("spawn"), _begin)


def _begin() -> None:
    torch.set_num_threads(1)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    Thread(target=_end_with_starter, daemon=True).start()


def _end_with_starter() -> None:
    starter = parent_process()
    assert starter is not None
    starter.join()
    # Again and again: training answers with a checkpoint, after which the next task would begin.
    while True:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)
