"""Percent error over samples and dimensions, with its peak where they are equal."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eigenview.papers.claims import Claim, claim
from eigenview.papers.experiment import Scale
from eigenview.papers.mmcr.sweep import GRIDS, LAST, Cell, describe_setting, train_cells
from eigenview.papers.outcome import Outcome
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.axes import widths_as_ticks
from eigenview.plotting.style import BLUE, GREEN, INK, ORANGE, PURPLE, VERMILLION, style
from eigenview.theory.capacity import capacity_at, error_curve

COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE)


def run(scale: Scale, runs: RunCache) -> Outcome:
    """Fig. 3: pretraining percent error over P, for each D and K, beside the Marchenko–Pastur law."""
    grid, cells = GRIDS[scale], train_cells(scale, runs)
    expected = [capacity_at(c.shape.P, c.shape.D, c.shape.K, c.agreement).uniform_percent_error for c in cells]
    with style():
        figure = Figure(figsize=(6.6, 3.1))
        *panels, last = np.atleast_1d(figure.subplots(1, len(grid.K) + 1, width_ratios=[1] * len(grid.K) + [0.9]))
        for axes, K in zip(panels, grid.K, strict=True):
            _draw(axes, [cell for cell in cells if cell.shape.K == K], grid.P, grid.D)
            axes.set(title=f"K = {K}", xlabel="P (samples)", ylabel="percent error (share)", ylim=(0, None))
        top = 1.1 * max(*expected, *(cell.error for cell in cells))
        last.plot([0, top], [0, top], color=INK, linewidth=1, linestyle="--")
        for D, colour in zip(grid.D, COLOURS, strict=False):
            dots = [(e, cell.error) for e, cell in zip(expected, cells, strict=True) if cell.shape.D == D]
            last.plot(*zip(*dots, strict=True), "o", color=colour, label=f"D = {D}")
        last.plot([], [], color=INK, linewidth=1, linestyle="--", label="the law")
        last.plot([], [], "D", color="none", markeredgecolor=INK, markersize=7, label="P = D")
        last.set(title="views' agreement in it", xlabel="by the law", ylabel="trained", xlim=(0, top), ylim=(0, top))
        figure.legend(loc="outside lower center", ncols=6, handlelength=1.4, columnspacing=1.2)
    table = {
        "P": [cell.shape.P for cell in cells],
        "D": [cell.shape.D for cell in cells],
        "K": [cell.shape.K for cell in cells],
        "percent error": [cell.error for cell in cells],
        "spread over batches": [cell.spread for cell in cells],
        "uniform": [capacity_at(cell.shape.P, cell.shape.D).uniform_percent_error for cell in cells],
        "agreement of views": [cell.agreement for cell in cells],
        "uniform at this agreement": expected,
    }
    caption = (
        f"{describe_setting(scale)} Percent error 1 − ‖C‖_*/√(P·min(P, D)): mean and standard deviation over the "
        f"last {LAST} measured training batches. Dashed: uniform embeddings whose views agree, by the "
        "Marchenko–Pastur law. Right: the error of the trained embeddings against that of the law at the views' own "
        "mean cosine."
    )
    return Outcome(figure, caption, table, _claims(cells, np.array(expected)))


def _draw(axes: Axes, cells: list[Cell], sizes: tuple[int, ...], dimensions: tuple[int, ...]) -> None:
    along = np.geomspace(sizes[0], sizes[-1], 60).round().astype(int)
    for D, colour in zip(dimensions, COLOURS, strict=False):
        chosen = [cell for cell in cells if cell.shape.D == D]
        axes.errorbar(sizes, [c.error for c in chosen], [c.spread for c in chosen], fmt="o-", color=colour)
        axes.plot(along, error_curve(along, D).uniform, color=colour, linewidth=1, linestyle="--")
        peak = [cell.error for cell in chosen if cell.shape.P == D]
        axes.plot([D] * len(peak), peak, "D", color="none", markeredgecolor=colour, markersize=7)
    axes.set_xscale("log", base=2)
    widths_as_ticks(axes, sizes)


def _claims(cells: list[Cell], expected: np.ndarray) -> tuple[Claim, ...]:
    found = {cell.shape: cell.error for cell in cells}
    lines = [
        [cell.shape for cell in cells if (cell.shape.K, getattr(cell.shape, side)) == (K, size)]
        for K in sorted({cell.shape.K for cell in cells})
        for side in ("D", "P")
        for size in sorted({getattr(cell.shape, side) for cell in cells})
    ]
    # Only a line with P = D and another shape on it shows where its peak is.
    lines = [line for line in lines if len(line) > 1 and any(shape.P == shape.D for shape in line)]
    at_peak = sum(1 for line in lines if (top := max(line, key=found.__getitem__)).P == top.D)
    both = [line for line in lines if line[0].P != line[0].D and line[-1].P != line[-1].D]
    contrast = [found[s] / max(found[line[0]], found[line[-1]]) for line in both for s in line if s.P == s.D]
    errors = np.array([cell.error for cell in cells])
    off = errors - expected
    uniform = np.array([capacity_at(cell.shape.P, cell.shape.D).uniform_percent_error for cell in cells])
    views = sorted({cell.shape.K for cell in cells})
    return (
        claim(
            "peak at P = D",
            "The pretraining percent error peaks at P = D, for every P, D and K.",
            f"the percent error peaks at P = D along {at_peak} of {len(lines)} lines of fixed D or fixed P; K = "
            f"{', '.join(map(str, views))}",
            at_peak == len(lines),
        ),
        claim(
            "fall on either side",
            "The pretraining percent error falls on either side of P = D.",
            f"where both sides are swept, the error at P = D is {min(contrast):.2f} to {max(contrast):.2f} times the "
            "larger of the errors at the two ends",
            min(contrast) > 1,
        ),
        claim(
            "above uniform",
            "The percent error of trained embeddings stays above that of aligned uniform embeddings (ours).",
            f"above by {(errors - uniform).min():.3f} to {(errors - uniform).max():.3f} over {len(cells)} runs",
            bool((errors > uniform).all()),
        ),
        claim(
            "disagreement of views",
            "Most of the percent error beyond that of aligned uniform embeddings comes from views that disagree "
            "(ours).",
            f"the law is off by {np.abs(off).mean():.3f} on average and {np.abs(off).max():.3f} at most with the "
            f"views' mean cosine in it, by {(errors - uniform).mean():.3f} on average without it",
            bool(np.abs(off).mean() < 0.5 * (errors - uniform).mean()),
        ),
    )
