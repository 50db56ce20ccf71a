"""What was found in files and runs, as a figure: spectra, and how alike views are."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from eigenview.inspect.inspection import Inspected
from eigenview.linalg import moments, normalize
from eigenview.measures import spectrum
from eigenview.plotting.axes import plain_log_ticks
from eigenview.plotting.files import check_plot
from eigenview.plotting.style import BLUE, FAINT, GREEN, INK, ORANGE, PURPLE, SKY, VERMILLION, style

_WIDTH = 3.0  # inches of a panel: letters stay readable at half the size
_COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, INK)
MOST_LINES = len(_COLOURS)
_ISOTROPIC = "isotropic: Marchenko–Pastur"
_LONGEST = 60  # characters of a name in a legend
_LARGE = 2**22  # numbers in a cloud, from where its spectrum is that of its Gram matrix
_MOST_COSINES = 5000
_SMALLEST = 1e-6  # of the root mean square of the singular values; what is below is not drawn


def plot(found: Sequence[Inspected], path: Path) -> None:
    """Draws the spectra of all clouds; of one input with views, also cosines of views of the same and of others.

    Args:
        found: what to draw; of many inputs the first `MOST_LINES`.
        path: `.png`, `.svg` or `.pdf`.

    Raises:
        UsageError: the path cannot be.
    """
    check_plot(path)
    with style():
        figure = _figure(found[:MOST_LINES])
        figure.savefig(path, dpi=200, bbox_inches="tight")


def _figure(found: Sequence[Inspected]) -> Figure:
    if len(found) > 1:
        return _spectra_of_several(found)
    clouds = found[0].clouds
    with_views = {group: cloud for group, cloud in clouds.items() if cloud.ndim == 3 and len(cloud) > 1}
    rows, columns = (2, len(with_views)) if with_views else (1, 1)
    figure = Figure(figsize=(_WIDTH * max(columns, 1.4), 2.9 * rows))
    grid = figure.add_gridspec(rows, columns)
    spectra = figure.add_subplot(grid[0, :])
    _spectra(spectra, [(name, cloud, colour) for (name, cloud), colour in zip(clouds.items(), _COLOURS, strict=False)])
    spectra.legend(loc="lower left", bbox_to_anchor=(0, 1), handlelength=1.4, ncols=2, columnspacing=1.2)
    for i, (group, cloud) in enumerate(with_views.items()):
        _cosines(figure.add_subplot(grid[1, i]), group, cloud)
    return figure


def _spectra_of_several(found: Sequence[Inspected]) -> Figure:
    """A panel for features and one for embeddings, in which an input has the same colour, below one legend."""
    groups = [group for group in ("features", "embeddings") if any(group in each.clouds for each in found)]
    figure = Figure(figsize=(_WIDTH * max(len(groups), 1.4), 3.1 + 0.2 * len(found)))
    named = {}
    for i, group in enumerate(groups):
        axes = figure.add_subplot(1, len(groups), i + 1)
        coloured = [(each, colour) for each, colour in zip(found, _COLOURS, strict=False) if group in each.clouds]
        _spectra(axes, [(each.name, each.clouds[group], colour) for each, colour in coloured])
        axes.set_xlabel(f"index of the direction ({group})")
        handles, names = axes.get_legend_handles_labels()
        named |= dict(zip(names, handles, strict=True))
    names = [*dict.fromkeys(each.name for each in found), _ISOTROPIC]
    shorter = [name if len(name) <= _LONGEST else "…" + name[1 - _LONGEST :] for name in names]
    figure.legend([named[name] for name in names], shorter, loc="outside upper left", handlelength=1.4)
    return figure


def _spectra(axes: Axes, clouds: Sequence[tuple[str, Tensor, str]]) -> None:
    """Singular values over their index, and those that isotropic rows of the same shapes would have."""
    for name, cloud, colour in clouds:
        values = _singular_values(cloud[0] if cloud.ndim == 3 else cloud)
        axes.plot(np.arange(1, len(values) + 1), values, color=colour, label=name, linewidth=1.8)
    shapes = dict.fromkeys(tuple(cloud.shape[-2:]) for _, cloud, _ in clouds)
    for i, (N, D) in enumerate(shapes):
        values = isotropic_singular_values(N, D)
        label = _ISOTROPIC if i == 0 else f"_{i}"
        axes.plot(np.arange(1, len(values) + 1), values, color=FAINT, linestyle="--", linewidth=1.3, label=label)
    axes.set(xscale="log", yscale="log", xlabel="index of the direction", ylabel="singular value (of their RMS)")
    for axis in (axes.xaxis, axes.yaxis):
        plain_log_ticks(axis)


def _singular_values(rows: Float[Tensor, "N D"]) -> Float[np.ndarray, "M"]:
    """Those of uncentred rows, over their root mean square; what is nothing is left out, as logarithms have no word."""
    if rows.numel() <= _LARGE:
        values = spectrum(rows.double()).numpy()
    else:
        eigenvalues = torch.linalg.eigvalsh(moments(rows).gram).flip(0)[: min(rows.shape)]
        values = eigenvalues.clamp_min(0).sqrt().numpy()
    scale = np.sqrt(np.mean(values**2))
    return np.where(values > _SMALLEST * scale, values / scale, np.nan) if scale > 0 else np.full_like(values, np.nan)


def isotropic_singular_values(N: int, D: int) -> Float[np.ndarray, "M"]:
    """Singular values of N × D independent unit variances over their root mean square, largest first: the limit law's.

    Source: the quantiles of Marchenko and Pastur's law, whose density is ∝ sin²θ / x at x = 1 + γ − 2√γ cos θ.
    """
    M, gamma = min(N, D), min(N, D) / max(N, D)
    theta = np.linspace(0, np.pi, 4097)
    x = 1 + gamma - 2 * np.sqrt(gamma) * np.cos(theta)
    density = np.divide(np.sin(theta) ** 2, x, out=np.full_like(x, 2.0), where=x > 0)
    cumulative = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2)])
    quantiles = np.interp((np.arange(M) + 0.5) / M, cumulative / cumulative[-1], x)
    return np.sqrt(quantiles)[::-1]


def _cosines(axes: Axes, group: str, cloud: Tensor) -> None:
    """How alike views of one sample are, beside views of two."""
    views = normalize(cloud[:2, :_MOST_COSINES].double())
    other = views[1].roll(1 + len(views[1]) // 3, 0)
    bins = np.linspace(-1, 1, 61).tolist()
    pairs = {"of one sample": (views[0] * views[1], BLUE), "of two samples": (views[0] * other, ORANGE)}
    for name, (products, colour) in pairs.items():
        cosines = products.sum(-1).clamp(-1, 1).numpy()
        axes.hist(cosines, bins, weights=np.full(len(cosines), 1 / len(cosines)), color=colour, alpha=0.6, label=name)
    axes.set(xlabel=f"cosine of two views' {group}", ylabel="share of the pairs", xlim=(-1, 1))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), handlelength=1.4)
