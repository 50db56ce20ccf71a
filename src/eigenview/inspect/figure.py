"""Spectra of inspected features and embeddings, and cosines between views, as a figure."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from eigenview.inspect.inspection import Inspected
from eigenview.linalg import isotropic_singular_values, moments, normalize
from eigenview.measures import spectrum
from eigenview.plotting.axes import legend_above, plain_log_ticks
from eigenview.plotting.figures import check_figure_path, save_figure
from eigenview.plotting.style import BLUE, FAINT, GREEN, INK, ORANGE, PURPLE, SKY, VERMILLION, style

_WIDTH = 3.0  # inches of a panel: text stays readable at half the size
_COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, INK)
MOST_LINES = len(_COLOURS)
_ISOTROPIC = "isotropic: Marchenko–Pastur"
_LONGEST = 60  # characters of a name in a legend
_LARGE = 2**22  # numbers in a cloud; the spectrum of a larger one comes from its Gram matrix
_MOST_COSINES = 5000
_SMALLEST = 1e-6  # smallest singular value that is drawn, over their root mean square


def plot(found: Sequence[Inspected], path: Path) -> None:
    """Draws the spectra of all inputs; for one input with views also cosines of views of the same and of two samples.

    Args:
        found: the inputs; of more than `MOST_LINES`, the first are drawn.
        path: `.png`, `.svg` or `.pdf`.

    Raises:
        UsageError: another file type, or a path that cannot be written.
    """
    check_figure_path(path)
    with style():
        save_figure(_figure(found[:MOST_LINES]), path)


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
    legend_above(spectra, ncols=2, columnspacing=1.2)
    for i, (group, cloud) in enumerate(with_views.items()):
        _cosines(figure.add_subplot(grid[1, i]), group, cloud)
    return figure


def _spectra_of_several(found: Sequence[Inspected]) -> Figure:
    """One panel for features and one for embeddings; each input has one colour, named in a legend above both."""
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
    """Singular values over their index, beside those of isotropic Gaussian rows of the same shape."""
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
    """Singular values of uncentred rows over their root mean square; NaN where a logarithmic axis would show none."""
    if rows.numel() <= _LARGE:
        values = spectrum(rows.double()).numpy()
    else:
        eigenvalues = torch.linalg.eigvalsh(moments(rows).gram).flip(0)[: min(rows.shape)]
        values = eigenvalues.clamp_min(0).sqrt().numpy()
    scale = np.sqrt(np.mean(values**2))
    return np.where(values > _SMALLEST * scale, values / scale, np.nan) if scale > 0 else np.full_like(values, np.nan)


def _cosines(axes: Axes, group: str, cloud: Tensor) -> None:
    """Cosines between two views of one sample, beside those between views of two samples."""
    views = normalize(cloud[:2, :_MOST_COSINES].double())
    other = views[1].roll(1 + len(views[1]) // 3, 0)
    bins = np.linspace(-1, 1, 61).tolist()
    pairs = {"of one sample": (views[0] * views[1], BLUE), "of two samples": (views[0] * other, ORANGE)}
    for name, (products, colour) in pairs.items():
        cosines = products.sum(-1).clamp(-1, 1).numpy()
        axes.hist(cosines, bins, weights=np.full(len(cosines), 1 / len(cosines)), color=colour, alpha=0.6, label=name)
    axes.set(xlabel=f"cosine of two views' {group}", ylabel="share of the pairs", xlim=(-1, 1))
    legend_above(axes)
