"""Paths that a command reads."""

from pathlib import Path

from eigenview._errors import UsageError


class Paths(tuple[Path, ...]):
    """Any number of paths."""


def check_exists(path: Path) -> None:
    """Checks a path before torch is imported, which takes seconds.

    Raises:
        UsageError: there is nothing at the path.
    """
    if not path.exists():
        raise UsageError(f"{path} does not exist")
