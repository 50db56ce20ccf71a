"""What theory says of a training, as a figure."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogLocator, PercentFormatter

from eigenview.linalg import uniform_percent_error
from eigenview.plotting.axes import plain_log_ticks
from eigenview.plotting.figures import check_figure_path, save_figure
from eigenview.plotting.style import BLUE, FAINT, INK, ORANGE, VERMILLION, style
from eigenview.predict.prediction import Prediction
from eigenview.predict.text import objective_words, views_words

_WIDTH = 3.4  # inches of a panel: letters stay readable at half the size
_SHARES = np.linspace(0, 1, 11)


def plot_prediction(p: Prediction, path: Path) -> None:
    """Draws survivors over strength and the objective's knob, or for MMCR the error over P/D; and the modes beside it.

    Args:
        p: what to draw.
        path: `.png`, `.svg` or `.pdf`.

    Raises:
        UsageError: the path cannot be.
    """
    check_figure_path(path)
    with style():
        figure = Figure(figsize=(2 * _WIDTH, 3.6))
        grid = figure.add_gridspec(2, 2, width_ratios=(1.1, 1))
        left = figure.add_subplot(grid[:, 0])
        if p.knob is None:
            _error_line(left, p)
        elif len(p.strengths) > 1:
            _phases(left, p)
        else:
            _over_knob(left, p)
        if p.variances is None:
            _noise(figure.add_subplot(grid[:, 1]), p)
        else:
            above = figure.add_subplot(grid[0, 1])
            _variances(above, p)
            above.tick_params(labelbottom=False)
            _noise(figure.add_subplot(grid[1, 1], sharex=above), p)
        figure.suptitle(f"{objective_words(p)} with {views_words(p)}", fontsize=9.5, x=0.02, ha="left")
        save_figure(figure, path)


def _phases(axes: Axes, p: Prediction) -> None:
    """The share of directions that survive, a contour for each tenth."""
    assert p.knob is not None
    strengths = [at.strength for at in p.strengths]
    shares = np.array([np.array(at.over_knob) / at.directions for at in p.strengths]).T
    drawn = axes.contourf(strengths, p.knob.values, shares, _SHARES, cmap="cividis")
    axes.contour(strengths, p.knob.values, shares, _SHARES[1:-1], colors="white", linewidths=0.5, alpha=0.7)
    axes.set(xlabel="strength of views", ylabel=p.knob.name, xlim=(strengths[0], strengths[-1]))
    axes.grid(False)
    if p.knob.logarithmic:
        axes.set_yscale("log")
        plain_log_ticks(axes.yaxis)
    at_zero = p.knob.value < p.knob.values[0]  # weight decay 0, which a logarithmic axis has not
    here = p.here.strength, p.knob.values[0] if at_zero else p.knob.value
    axes.plot(*here, "v" if at_zero else "o", color=VERMILLION, markeredgecolor="white", markersize=8, clip_on=False)
    word = f"here, at {p.knob.name} 0" if at_zero else "here"
    outline = [withStroke(linewidth=2.5, foreground="white")]
    axes.annotate(word, here, xytext=(7, 5), textcoords="offset points", color=INK, path_effects=outline)
    bar = axes.figure.colorbar(
        drawn, ax=axes, pad=0.02, aspect=30, label="directions that survive", format=PercentFormatter(1)
    )
    bar.outline.set_visible(False)


def _over_knob(axes: Axes, p: Prediction) -> None:
    """As `_phases`, of one strength."""
    assert p.knob is not None
    axes.plot(p.knob.values, np.array(p.here.over_knob) / p.here.directions, color=BLUE)
    if p.knob.value > 0:
        axes.axvline(p.knob.value, color=VERMILLION, linestyle="--", linewidth=1.2, label="here")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1))
    axes.set(xlabel=p.knob.name, ylabel="directions that survive", ylim=(0, 1.05))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    if p.knob.logarithmic:
        axes.set_xscale("log")
        plain_log_ticks(axes.xaxis)
        axes.xaxis.set_major_locator(LogLocator(numticks=4))


def _error_line(axes: Axes, p: Prediction) -> None:
    """How far uniform embeddings stay below the bound, over samples and dimensions."""
    reach = max(8.0, 2 * p.P / p.D, 2 * p.D / p.P)
    ratios = np.geomspace(1 / reach, reach, 201)
    errors = [_error_at(ratio) for ratio in ratios.tolist()]
    axes.plot(ratios, errors, color=BLUE, label="uniform embeddings")
    axes.plot(p.P / p.D, p.percent_error, "o", color=VERMILLION, markersize=8, label=f"P = {p.P}, D = {p.D}")
    axes.set(
        xscale="log", xlabel="samples P / dimensions D", ylabel="short of the nuclear norm's bound", ylim=(0, None)
    )
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    plain_log_ticks(axes.xaxis)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), handlelength=1.4)


def _error_at(ratio: float) -> float:
    many = 10**6
    return uniform_percent_error(many, max(1, round(many / ratio)))


def _variances(axes: Axes, p: Prediction) -> None:
    """What modes will have, and which have collapsed."""
    assert p.variances is not None
    index = np.arange(1, len(p.variances) + 1)
    there = np.isfinite(p.variances) & (p.variances > 0)
    gone, unbounded = p.variances == 0, np.isinf(p.variances)
    if there.any():
        axes.plot(index[there], p.variances[there], color=BLUE, marker="." if there.sum() < 30 else None)
        axes.set_yscale("log")
        plain_log_ticks(axes.yaxis)
    else:
        axes.set_yticks([])
    for which, place, colour, label in ((gone, 0.03, VERMILLION, "collapsed"), (unbounded, 0.97, ORANGE, "unbounded")):
        if which.any():
            axes.plot(
                index[which],
                np.full(which.sum(), place),
                "|",
                color=colour,
                label=label,
                markersize=5,
                transform=axes.get_xaxis_transform(),
            )
    axes.set_ylabel("variance\nin embeddings")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), handlelength=1.4, ncols=2)


def _noise(axes: Axes, p: Prediction) -> None:
    """The share of each mode's variance that views add."""
    axes.plot(np.arange(1, len(p.noise_shares) + 1), p.noise_shares, color=INK)
    axes.axhline(1, color=FAINT, linewidth=0.8, linestyle=":")
    axes.set(xlabel="mode, the least noisy first", ylabel="noise\nc / (a + c)", ylim=(0, 1.05))
