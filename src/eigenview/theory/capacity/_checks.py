"""Checks of batch sizes, dimensions and numbers of views."""

from operator import index
from typing import SupportsIndex


def integers(least: int = 1, **sizes: SupportsIndex) -> tuple[int, ...]:
    """The sizes as plain integers.

    Args:
        least: smallest permitted value.
        sizes: by their names in an error.

    Raises:
        ValueError: a size is not an integer, or is too small.
    """
    return tuple(_integer(name, size, least) for name, size in sizes.items())


def _integer(name: str, size: SupportsIndex, least: int) -> int:
    try:
        found = index(size)
    except TypeError:
        found = None
    if found is None or isinstance(size, bool) or found < least:
        raise ValueError(f"{name} must be an integer of at least {least}, not {size!r}")
    return found
