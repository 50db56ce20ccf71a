"""Figures as files and as parts of a page."""

import io
import re
from html import escape
from pathlib import Path

from matplotlib.figure import Figure

from eigenview._errors import UsageError
from eigenview.plotting.style import style

ENDINGS = (".png", ".svg", ".pdf")


def check_figure_path(path: Path) -> None:
    """Checks that a figure can be written to a path, before the work that it shows begins.

    Raises:
        UsageError: the file type is not that of a figure, the path is a directory, or its directory does not exist.
    """
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(f"--plot {path}: the extension must be one of {', '.join(ENDINGS)}")
    if path.is_dir():
        raise UsageError(f"--plot {path} is a directory; name a file in it, such as {path / 'figure.png'}")
    if not path.parent.is_dir():
        raise UsageError(f"--plot {path}: the directory {path.parent} does not exist")


def save_figure(figure: Figure, path: Path) -> None:
    """Writes a figure, cropped to what is drawn, in the house style.

    Args:
        figure: what to write.
        path: `.png`, `.svg` or `.pdf`.
    """
    with style():
        figure.savefig(path, dpi=200, bbox_inches="tight")


def inline_svg(figure: Figure, name: str, alt: str) -> str:
    """The figure as an SVG element for a page that holds several.

    Args:
        figure: what to draw.
        name: a prefix for every id in it, since ids are shared by the whole page.
        alt: a description for readers who cannot see it.
    """
    file = io.StringIO()
    with style():
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    svg = file.getvalue()
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", svg[svg.index("<svg") :])
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(alt)}"', 1)
