"""Curves and spectra of a run, one function a figure; None where there is nothing to draw."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import cycle
from math import ceil, isfinite, log2

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator

from eigenview.plotting.axes import plain_log_ticks
from eigenview.plotting.formatting import Number, number
from eigenview.plotting.style import BLUE, GREEN, INK, LATE_IS_DARK, ORANGE, PURPLE, SKY, VERMILLION, style
from eigenview.runs.history import History

WIDE, NARROW = (4.5, 2.9), (3.4, 2.5)  # inches, about as wide as a page shows them, so that letters keep their size
MOST_POINTS = 800  # of a curve; more could not be told apart
MOST_SPECTRA = 12
REFERENCES = {"collapsed": ("-", VERMILLION), "uniform": ("--", INK), "best": (":", INK)}
COLOURS = {"features": BLUE, "embeddings": VERMILLION}


@style()
def loss(history: History) -> Figure | None:
    """The loss, and the values that it is to be read against."""
    if not _any_finite(history.curve("loss")[1]):
        return None
    figure, axes = _axes(WIDE, "loss")
    _curve(axes, *history.curve("loss"), color=BLUE, label="loss", linewidth=2, zorder=3)
    _references(axes, _levels(history), show_values=True)
    first_steps = {alarm.name: alarm.step for alarm in reversed(history.alarms)}
    for i, step in enumerate(first_steps.values()):
        axes.axvline(step, color=PURPLE, linewidth=5, alpha=0.35, label="_" * i + "first alarm")
    columns = 2 if len(axes.get_legend_handles_labels()[0]) <= 4 else 3
    figure.legend(loc="outside upper left", ncols=columns, handlelength=1.6, columnspacing=1.2)
    return figure


@style()
def terms(history: History) -> Figure | None:
    """The named terms that sum to the loss, where there are several."""
    names = dict.fromkeys(name for record in history.steps for name in record.terms)
    curves = {name: history.curve("terms", name) for name in names}
    if len(curves) < 2 or not any(_any_finite(values) for _, values in curves.values()):
        return None
    figure, axes = _axes(NARROW, "term of the loss")
    for (name, curve), colour in zip(curves.items(), cycle((ORANGE, GREEN, PURPLE, SKY))):
        _curve(axes, *curve, color=colour, label=name, linewidth=1.6)
    figure.legend(loc="outside upper left", ncols=2, handlelength=1.6, columnspacing=1.2)
    return figure


@style()
def scale(history: History) -> Figure | None:
    """The loss between its value at complete collapse (0) and its bound (1)."""
    steps, values = history.curve("scale")
    if not _any_finite(values):
        return None
    figure, axes = _axes(WIDE, "scale (0 collapsed, 1 best)")
    _curve(axes, steps, values, color=BLUE, linewidth=2, zorder=3)
    levels = {"collapsed": 0.0, "uniform": _on_scale(_levels(history)), "best": 1.0}
    _references(axes, levels, show_values=False)
    figure.legend(loc="outside upper left", ncols=3, handlelength=1.6, columnspacing=1.2)
    return figure


def _references(axes: Axes, levels: dict[str, Number | None], show_values: bool) -> None:
    for name, (dashes, colour) in REFERENCES.items():
        level = levels.get(name)
        if level is not None:
            label = f"{name}: {number(level, 4)}" if show_values else name
            axes.axhline(level, color=colour, linestyle=dashes, linewidth=1.1, label=label)


def _levels(history: History) -> dict[str, Number | None]:
    reference = None if history.start is None else history.start.reference
    return {} if reference is None else asdict(reference)


def _on_scale(reference: dict[str, Number | None]) -> Number | None:
    collapsed, uniform, best = (reference.get(name) for name in REFERENCES)
    if collapsed is None or uniform is None or best is None:
        return None
    return None if best == collapsed else (uniform - collapsed) / (best - collapsed)


@style()
def effective_rank(history: History) -> Figure | None:
    """Dimensions in use, of features and of embeddings."""
    curves = {name: history.curve("effective_rank", name) for name in COLOURS}
    highest = max((v for _, values in curves.values() for v in values if isfinite(v)), default=None)
    if highest is None:
        return None
    figure, axes = _axes(NARROW, "effective rank (dimensions)")
    for name, (steps, values) in curves.items():
        if _any_finite(values):
            dashes = "-" if name == "features" else (0, (5, 1.5))
            _curve(axes, steps, values, color=COLOURS[name], label=name, linewidth=2, linestyle=dashes)
    # From 1, which is complete collapse, by doublings: a fall to a few dimensions shows even below thousands.
    axes.set_yscale("log", base=2)
    axes.set_ylim(1, 2 ** ceil(log2(max(highest, 2)) + 0.05))
    axes.yaxis.set_major_locator(LogLocator(base=2, numticks=9))
    axes.yaxis.set_major_formatter("{x:g}")
    figure.legend(loc="outside upper left", ncols=2)
    return figure


@style()
def measure(history: History, name: str) -> Figure | None:
    """A measure of features and of embeddings."""
    curves = {of: history.curve(name, of) for of in COLOURS}
    figure, axes = _axes(NARROW, name.replace("_", " "))
    for of, (steps, values) in curves.items():
        if _any_finite(values):
            dashes = "-" if of == "features" else (0, (5, 1.5))
            _curve(axes, steps, values, color=COLOURS[of], label=of, linewidth=2, linestyle=dashes)
    figure.legend(loc="outside upper left", ncols=2)
    return figure if any(_any_finite(values) for _, values in curves.values()) else None


@style()
def spectra(history: History, of: str) -> Figure | None:
    """Singular values over their index, one line a moment.

    Args:
        history: the run.
        of: "features" or "embeddings".
    """
    measured = [(record.step, record.spectrum.get(of)) for record in history.steps]
    found = [(step, [v for v in values if v is not None]) for step, values in measured if values and None not in values]
    if not found:
        return None
    shown = [found[i] for i in np.unique(np.linspace(0, len(found) - 1, MOST_SPECTRA).round().astype(int))]
    figure, axes = _axes(NARROW, "singular value (of the largest)")
    first, last = shown[0][0], shown[-1][0]
    steps = Normalize(first, max(last, first + 1))
    for step, values in shown:
        newest = step == last
        axes.plot(range(1, len(values) + 1), values, color=LATE_IS_DARK(steps(step)), linewidth=2.2 if newest else 1.2)
    axes.set(xscale="log", yscale="log", xlabel="index of the direction")
    axes.set_xlim(1, max(2, max(len(values) for _, values in shown)))
    smallest = min((v for _, values in shown for v in values if v > 0), default=1)
    axes.set_ylim(max(smallest / 1.5, 1e-7), 1.3)
    for axis in (axes.xaxis, axes.yaxis):
        plain_log_ticks(axis)
    bar = figure.colorbar(ScalarMappable(steps, LATE_IS_DARK), ax=axes, pad=0.02, aspect=30, label="step")
    bar.ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    bar.outline.set_visible(False)
    return figure


@style()
def simple_curve(history: History, key: str, label: str, log: bool = False) -> Figure | None:
    """One number over the steps, from 0 or on a logarithmic axis."""
    steps, values = history.curve(key)
    if not _any_finite(values):
        return None
    figure, axes = _axes(NARROW, label)
    _curve(axes, steps, values, color=BLUE)
    if log and all(v > 0 for v in values if isfinite(v)):
        axes.set_yscale("log")
        plain_log_ticks(axes.yaxis)
    else:
        axes.set_ylim(0, 1.06 * max(v for v in values if isfinite(v)) or 1)
    return figure


def _axes(size: tuple[float, float], label: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=size)
    axes = figure.add_subplot(xlabel="training step", ylabel=label)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    return figure, axes


def _curve(axes: Axes, steps: Sequence[int], values: Sequence[float], **look) -> None:
    """Draws a curve; a short one with dots, so that a single point is seen; a long one by its extremes."""
    kept = _extremes(np.asarray(values, float))
    marker = "o" if len(steps) <= 30 else None
    axes.plot(np.asarray(steps)[kept], np.asarray(values)[kept], marker=marker, **look)


def _extremes(values: np.ndarray) -> np.ndarray:
    """Indices of the least and greatest value in each of many stretches: without the rest a curve looks the same."""
    if len(values) <= MOST_POINTS:
        return np.arange(len(values))
    stretches = np.array_split(np.arange(len(values)), MOST_POINTS // 2)
    return np.unique([s[pick(values[s])] for s in stretches for pick in (np.argmin, np.argmax)])


def _any_finite(values: Sequence[float]) -> bool:
    return any(map(isfinite, values))
