"""Decoding in threads, which run in parallel because Pillow releases the interpreter's lock."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from eigenview.data.pixels import quiet

T = TypeVar("T")
_BLOCK = 256  # items in flight, so that waiting results do not fill memory


def cpus() -> int:
    """The number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_threads(work: Callable[[int], T], items: Iterable[int]) -> Iterator[T]:
    """Yields the results of `work` in the order of `items`, with Pillow's warnings silenced."""
    remaining = iter(items)
    with quiet(), ThreadPoolExecutor(min(16, cpus())) as pool:
        while block := list(islice(remaining, _BLOCK)):
            yield from pool.map(work, block)
