"""Functions on several processes at once, which see each other as the ranks of one training."""

import pickle
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import torch
from torch import distributed as dist

_PATIENCE = timedelta(seconds=60)


def run_on_ranks(world_size: int, function: Callable[..., Any], *arguments: Any) -> list[Any]:
    """What a function returns on each of several ranks, which are processes on this machine joined by gloo.

    The processes are kept for the next call, since each takes seconds to start; they end with this one.

    Args:
        world_size: number of ranks; the function finds its own by `torch.distributed.get_rank()`.
        function: importable by its module and name; it and its arguments are pickled.
        arguments: what it is called with, on every rank alike.

    Raises:
        RuntimeError: the function failed on a rank; the message holds the traceback from there.
    """
    call = pickle.dumps((function, arguments))
    try:
        started = [_start() for _ in range(world_size - len(_processes))]
        for pipe in started:  # Ranks wait for each other no longer than _PATIENCE, which a start may take.
            pipe.recv_bytes()
        _processes.extend(started)
        pipes = _processes[:world_size]
        with tempfile.TemporaryDirectory() as folder:
            for rank, pipe in enumerate(pipes):
                pipe.send((sys.path, rank, world_size, f"file://{folder}/meet", call))
            answers = [pickle.loads(pipe.recv_bytes()) for pipe in pipes]
    except BaseException as error:
        # An answer that nobody waited for would be taken for the next one.
        _processes.clear()
        if isinstance(error, EOFError):
            raise RuntimeError(f"a rank ended while it ran {function.__qualname__}") from error
        raise
    failures = [(rank, failure) for rank, (failure, _) in enumerate(answers) if failure is not None]
    if failures:
        # Where one rank fails, others fail too, later, for want of its answer.
        rank, (_, text) = min(failures, key=lambda failed: failed[1][0])
        raise RuntimeError(f"rank {rank} of {world_size} failed:\n{text}")
    return [result for _, result in answers]


_processes: list[Connection] = []


def _start() -> Connection:
    context = get_context("spawn")  # torch's threads do not survive a fork
    ours, theirs = context.Pipe()
    context.Process(target=_serve, args=(theirs,), daemon=True).start()
    theirs.close()
    return ours


def _serve(pipe: Connection) -> None:
    """Answers calls until the process that started this one closes the pipe, or ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    pipe.send_bytes(b"ready")
    while True:
        try:
            request = pipe.recv()
        except EOFError:
            return
        pipe.send_bytes(pickle.dumps(_answer(*request)))


def _answer(path: list[str], rank: int, world_size: int, store: str, call: bytes) -> tuple[Any, Any]:
    """When and how the call failed on this rank, or None; and its result."""
    try:
        sys.path[:] = path
        function, arguments = pickle.loads(call)
        dist.init_process_group("gloo", init_method=store, rank=rank, world_size=world_size, timeout=_PATIENCE)
        result = function(*arguments)
        dist.barrier()
        return None, result
    except Exception:
        return (time.time(), traceback.format_exc()), None
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()
