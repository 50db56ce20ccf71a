"""A prediction as a figure."""

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
from eigenview.predict.landscape import TunableParameter
from eigenview.predict.prediction import Prediction
from eigenview.predict.text import objective_words, views_words

_WIDTH = 3.4  # inches of a panel: letters stay readable at half the size
_SHARES = np.linspace(0, 1, 11)


def plot_prediction(p: Prediction, path: Path) -> None:
    """Draws survivors over strength and the landscape's parameter, or for MMCR the error over P/D; beside it the modes.

    Args:
        p: what to draw.
        path: `.png`, `.svg` or `.pdf`.

    Raises:
        UsageError: another file type, or a path that cannot be written.
    """
    check_figure_path(path)
    with style():
        figure = Figure(figsize=(2 * _WIDTH, 3.6))
        grid = figure.add_gridspec(2, 2, width_ratios=(1.1, 1))
        _left(figure.add_subplot(grid[:, 0]), p)
        if p.variances is None:
            _noise(figure.add_subplot(grid[:, 1]), p)
        else:
            above = figure.add_subplot(grid[0, 1])
            _variances(above, p)
            above.tick_params(labelbottom=False)
            _noise(figure.add_subplot(grid[1, 1], sharex=above), p)
        figure.suptitle(f"{objective_words(p)} with {views_words(p)}", fontsize=9.5, x=0.02, ha="left")
        save_figure(figure, path)


def _left(axes: Axes, p: Prediction) -> None:
    if p.landscape.shape_decides:
        _error_line(axes, p)
    elif p.parameter is None:
        _over_strength(axes, p)
    elif len(p.strengths) > 1:
        _phases(axes, p, p.parameter)
    else:
        _over_parameter(axes, p, p.parameter)


def _phases(axes: Axes, p: Prediction, parameter: TunableParameter) -> None:
    """The share of directions that survive, a contour for each tenth."""
    strengths = [at.strength for at in p.strengths]
    shares = np.array([np.array(at.over_parameter) / at.directions for at in p.strengths]).T
    drawn = axes.contourf(strengths, parameter.values, shares, _SHARES, cmap="cividis")
    axes.contour(strengths, parameter.values, shares, _SHARES[1:-1], colors="white", linewidths=0.5, alpha=0.7)
    axes.set(xlabel="strength of views", ylabel=parameter.name, xlim=(strengths[0], strengths[-1]))
    axes.grid(False)
    if parameter.logarithmic:
        axes.set_yscale("log")
        plain_log_ticks(axes.yaxis)
    at_zero = parameter.value < parameter.values[0]  # weight decay 0, which a logarithmic axis has not
    here = p.here.strength, parameter.values[0] if at_zero else parameter.value
    axes.plot(*here, "v" if at_zero else "o", color=VERMILLION, markeredgecolor="white", markersize=8, clip_on=False)
    word = f"here, at {parameter.name} 0" if at_zero else "here"
    outline = [withStroke(linewidth=2.5, foreground="white")]
    axes.annotate(word, here, xytext=(7, 5), textcoords="offset points", color=INK, path_effects=outline)
    bar = axes.figure.colorbar(
        drawn, ax=axes, pad=0.02, aspect=30, label="directions that survive", format=PercentFormatter(1)
    )
    bar.outline.set_visible(False)


def _over_parameter(axes: Axes, p: Prediction, parameter: TunableParameter) -> None:
    """As `_phases`, at one strength."""
    axes.plot(parameter.values, np.array(p.here.over_parameter) / p.here.directions, color=BLUE)
    if parameter.value > 0:
        axes.axvline(parameter.value, color=VERMILLION, linestyle="--", linewidth=1.2, label="here")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1))
    axes.set(xlabel=parameter.name, ylabel="directions that survive", ylim=(0, 1.05))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    if parameter.logarithmic:
        axes.set_xscale("log")
        plain_log_ticks(axes.xaxis)
        axes.xaxis.set_major_locator(LogLocator(numticks=4))


def _over_strength(axes: Axes, p: Prediction) -> None:
    """As `_phases`, where no setting but the strength of views decides."""
    strengths = [at.strength for at in p.strengths]
    axes.plot(strengths, [at.survivors / at.directions for at in p.strengths], color=BLUE, marker=".")
    axes.plot(p.here.strength, p.here.survivors / p.here.directions, "o", color=VERMILLION, markersize=8, label="here")
    axes.set(xlabel="strength of views", ylabel="directions that survive", ylim=(0, 1.05))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1))


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
    """The variance that each mode will have, and which modes collapse."""
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
