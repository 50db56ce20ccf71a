"""What is asked of the sizes of a batch."""

from math import isfinite
from operator import index
from typing import SupportsIndex


def whole(least: int = 1, **sizes: SupportsIndex) -> tuple[int, ...]:
    """The sizes as plain integers.

    Args:
        least: what each must be at least.
        sizes: by the names to call them in an error.

    Raises:
        ValueError: what is no whole number, or too small.
    """
    return tuple(_whole(name, size, least) for name, size in sizes.items())


def _whole(name: str, size: SupportsIndex, least: int) -> int:
    try:
        found = index(size)
    except TypeError:
        found = None
    if found is None or isinstance(size, bool) or found < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, not {size!r}")
    return found


def agreeing(agreement: float, K: int) -> float:
    """The mean cosine of K views, if K unit vectors can have it.

    Args:
        agreement: mean cosine of two different ones; rounding beyond its range is taken off.
        K: views.

    Raises:
        ValueError: they cannot: it is outside [−1/(K − 1), 1].
    """
    least = -1 / (K - 1) if K > 1 else -1.0
    if not (isfinite(agreement) and least * (1 + 1e-9) <= agreement <= 1 + 1e-9):
        raise ValueError(f"the mean cosine of {K} views must be from {least:.4g} to 1, not {agreement}")
    return min(1.0, max(least, float(agreement)))
