"""What is asked of the sizes of a batch."""

from math import isfinite
from operator import index


def whole(least: int = 1, **sizes: int) -> tuple[int, ...]:
    """The sizes as plain integers.

    Args:
        least: what each must be at least.
        sizes: by the names to call them in an error.

    Raises:
        ValueError: what is no whole number, or too small.
    """
    found = []
    for name, size in sizes.items():
        try:
            found.append(index(size))
        except TypeError:
            raise ValueError(f"{name} must be a whole number, not {size!r}") from None
        if isinstance(size, bool) or found[-1] < least:
            raise ValueError(f"{name} must be a whole number of at least {least}, not {size!r}")
    return tuple(found)


def agreeing(agreement: float, K: int) -> float:
    """The mean cosine of K views, if K unit vectors can have it.

    Raises:
        ValueError: they cannot: it is outside [−1/(K − 1), 1].
    """
    least = -1 / (K - 1) if K > 1 else -1.0
    if not (isfinite(agreement) and least * (1 + 1e-9) <= agreement <= 1 + 1e-9):
        raise ValueError(f"the mean cosine of {K} views must be from {least:.4g} to 1, not {agreement}")
    return min(1.0, max(least, float(agreement)))
