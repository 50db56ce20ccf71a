"""Processes of one thread each, which end with the one that started them."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from multiprocessing.synchronize import Event
from threading import Thread, current_thread, main_thread

import torch


@contextmanager
def process_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of processes of one thread each.

    Where this process is interrupted or killed, they stop as if asked to by SIGTERM; Ctrl-C reaches them through it.

    Args:
        workers: how many.
    """
    # Spawned: torch's threads do not survive a fork.
    context = get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(workers, context, _begin, (stop,))
    try:
        with _deaf_to_ctrl_c():
            for _ in range(workers):
                pool.submit(int)
        yield pool
    except BaseException:
        stop.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """What is started in it ignores SIGINT, which would end its imports with a traceback."""
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _begin(stop: Event) -> None:
    torch.set_num_threads(1)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    # An exit in order: killed outright, a process leaves semaphores behind, and Python warns of them.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    Thread(target=_end_when_told, args=(stop,), daemon=True).start()


def _end_when_told(stop: Event) -> None:
    starter = parent_process()
    assert starter is not None
    while not stop.is_set() and not wait([starter.sentinel], timeout=0.5):
        pass
    # Again and again: a task ends by it, training with a checkpoint, after which the next task would begin.
    while True:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)
