"""A pool of processes of one thread each, which end with the process that started them."""

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

    Where this process is interrupted or killed, the pool's processes receive SIGTERM; they ignore Ctrl-C themselves.

    Args:
        workers: number of processes.
    """
    # Spawned: torch's threads do not survive a fork.
    context = get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(workers, context, _initialize, (stop,))
    try:
        with _ignoring_sigint():
            for _ in range(workers):
                pool.submit(int)
        yield pool
    except BaseException:
        stop.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _ignoring_sigint() -> Iterator[None]:
    """Processes started in this context ignore SIGINT, which would end their imports with a traceback."""
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _initialize(stop: Event) -> None:
    torch.set_num_threads(1)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    # Exit in order: a process that is killed leaves semaphores behind, of which Python warns.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    Thread(target=_exit_when_stopped, args=(stop,), daemon=True).start()


def _exit_when_stopped(stop: Event) -> None:
    starter = parent_process()
    assert starter is not None
    while not stop.is_set() and not wait([starter.sentinel], timeout=0.5):
        pass
    # Repeatedly, since the signal only ends the current task (training, with a checkpoint), and the next would begin.
    while True:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)
