"""Where a figure that a user asks for may go."""

from pathlib import Path

from eigenview._errors import UsageError

ENDINGS = (".png", ".svg", ".pdf")


def check_plot(path: Path) -> None:
    """Makes sure, before anything is measured, that a figure can be written there.

    Raises:
        UsageError: its ending is not one of a figure, it is a directory, or there is none to hold it.
    """
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(f"--plot {path}: its ending must be one of {', '.join(ENDINGS)}")
    if path.is_dir():
        raise UsageError(f"--plot {path}: it is a directory")
    if not path.parent.is_dir():
        raise UsageError(f"--plot {path}: there is no directory {path.parent}")
