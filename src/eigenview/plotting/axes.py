"""Ticks and legends that figures share."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator


def widths_as_ticks(axes: Axes, widths: Sequence[int] | np.ndarray) -> None:
    """Puts ticks at these widths only, with their numbers written out."""
    axes.set_xticks(widths, [f"{h:,}" for h in widths])
    axes.xaxis.set_minor_locator(NullLocator())


def plain_log_ticks(axis: Axis) -> None:
    """Labels a logarithmic axis like 0.1 and 1e-5; within two decades also at 2 and 5, so that some ticks show."""
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,)))
    axis.set_major_formatter(lambda x, _: f"{x:g}".replace("e-0", "e-"))
    axis.set_minor_formatter(NullFormatter())


def legend_above(axes: Axes, **options: Any) -> None:
    """Puts the legend above the axes, from their left edge, where it hides no curve."""
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), handlelength=1.4, **options)
