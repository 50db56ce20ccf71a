"""Axes that figures share."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator


def widths_as_ticks(axes: Axes, widths: Sequence[int] | np.ndarray) -> None:
    """Ticks at these widths, written out, and none between them."""
    axes.set_xticks(widths, [f"{h:,}" for h in widths])
    axes.xaxis.set_minor_locator(NullLocator())
