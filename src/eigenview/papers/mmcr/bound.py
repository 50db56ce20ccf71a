"""How close uniform embeddings come to the bound."""

import numpy as np
import torch
from jaxtyping import Float, Float64
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eigenview.measures import percent_error
from eigenview.papers.claims import claim
from eigenview.papers.experiment import Scale
from eigenview.papers.outcome import Outcome
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.axes import plain_log_ticks
from eigenview.plotting.style import INK, LATE_IS_DARK, style
from eigenview.theory.capacity import capacity_at, error_curve

FAR = 4.0  # ratio of P to D, or of D to P, from which on the gap's power law is fitted


def run(scale: Scale, runs: RunCache) -> Outcome:
    """Fig. 2: the gap between what uniform embeddings reach and the bound, over samples P and dimensions D."""
    most, number, seeds = {"smoke": (640, 7, 5), "cpu": (2000, 11, 5), "gpu": (10_000, 11, 5)}[scale]
    sizes = np.geomspace(10, most, number).round().astype(int).tolist()
    gaps = np.array([[[_gap(P, D, seed) for seed in range(seeds)] for D in sizes] for P in sizes])
    law = np.stack([error_curve(sizes, D).uniform for D in sizes], 1)
    mean, spread = gaps.mean(2), gaps.std(2)
    with style():
        figure = Figure(figsize=(6.6, 2.9))
        axes = figure.subplots(1, 2, sharey=True)
        _draw(axes[0], np.array(sizes), mean.T, spread.T)
        _draw(axes[1], np.array(sizes), mean, spread)
        axes[0].set(xlabel="P (samples)", ylabel="gap to the bound (share of it)")
        axes[1].set(xlabel="D (dimensions)", ylabel="gap to the bound")
        plain_log_ticks(axes[0].yaxis)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center", title="the other\nside")
    peaks = sum(int(line.argmax() == i) for lines in (mean, mean.T) for i, line in enumerate(lines))
    slopes = {"P": _slopes(np.array(sizes), mean.T), "D": _slopes(np.array(sizes), mean)}
    # At finite sizes the law is above the mean, by no more than about 1/(8·max(P, D)).
    above, largest = law - mean, np.maximum.outer(sizes, sizes)
    off = float(np.abs(above[largest >= 100]).max())
    worst, orthonormal = float(mean.diagonal().mean()), percent_error(torch.eye(sizes[-1], dtype=torch.float64))
    claims = (
        claim(
            "power law of the gap",
            "The gap between uniform embeddings and the bound falls as 1/P where P > D, and as 1/D where D > P.",
            "the gap is "
            + ", and ".join(
                f"∝ {name}^{low:.2f} to {name}^{high:.2f} for {name} ≥ {FAR:g}{other}"
                for (name, (low, high)), other in zip(slopes.items(), "DP", strict=True)
            ),
            all(-1.1 < low <= high < -0.9 for low, high in slopes.values()),
        ),
        claim(
            "peak at P = D",
            "The gap between uniform embeddings and the bound is largest at P = D.",
            f"the gap is largest at P = D along {peaks} of {2 * len(sizes)} lines of fixed D or fixed P",
            peaks == 2 * len(sizes),
        ),
        claim(
            "Marchenko–Pastur",
            "The gap between uniform embeddings and the bound is 1 − E√x of the Marchenko–Pastur law, which is 1 − "
            "8/(3π) = 15.1% at P = D (ours).",
            f"the gap is {worst:.2%} at P = D, and off the law by at most {off:.1g} over the "
            f"{(largest >= 100).sum()} shapes with P or D of at least 100",
            off < 0.003,
        ),
        claim(
            "uniform is optimal",
            "Perfectly aligned and uniform embeddings reach the lowest possible loss even at P = D (Thm. 3.5).",
            f"at P = D = {sizes[-1]} uniform embeddings stay {mean[-1, -1]:.1%} short of the bound, orthonormal ones "
            f"{orthonormal:.1g}; uniformity suffices only where P and D are far apart, and is never necessary",
            bool(mean[-1, -1] < 0.01 or orthonormal > 0.01),
        ),
    )
    rows = [(P, D, seed) for P in sizes for D in sizes for seed in range(seeds)]
    P, D, seed = zip(*rows, strict=True)
    table = {"P": P, "D": D, "seed": seed, "gap": gaps.ravel(), "law": np.repeat(law.ravel(), seeds)}
    caption = (
        f"P uniform unit rows in D dimensions, both of {number} sizes from {sizes[0]} to {sizes[-1]:,}, of which "
        f"every second is plotted; mean and standard deviation of {seeds} samples. Dots: 1 − ‖C‖_*/√(P·min(P, D)); "
        "lines: the Marchenko–Pastur law."
    )
    if scale != "gpu":
        caption += " The paper goes to 10,000."
    return Outcome(figure, caption, table, claims, tuple(range(seeds)))


def _gap(P: int, D: int, seed: int) -> float:
    return percent_error(torch.from_numpy(np.random.default_rng([P, D, seed]).normal(size=(P, D))))


def _draw(
    axes: Axes,
    sizes: np.ndarray,
    means: Float64[np.ndarray, "lines n"],
    spreads: Float64[np.ndarray, "lines n"],
) -> None:
    """Plots one line for every second size of the other side, with the law through it."""
    along = np.geomspace(sizes[0], sizes[-1], 200).astype(int)
    for i in range(0, len(sizes), 2):
        colour = LATE_IS_DARK(i / len(sizes))
        # The law is the same for P and D exchanged.
        law = [capacity_at(int(size), int(sizes[i])).uniform_percent_error for size in along]
        axes.plot(along, law, color=colour, linewidth=1)
        axes.errorbar(sizes, means[i], spreads[i], fmt="o", color=colour, label=f"{sizes[i]:,}")
    axes.axhline(1 - 8 / (3 * np.pi), color=INK, linewidth=1, linestyle=":")
    axes.set(xscale="log", yscale="log")
    plain_log_ticks(axes.xaxis)


def _slopes(sizes: np.ndarray, means: Float[np.ndarray, "lines n"]) -> tuple[float, float]:
    """The smallest and the largest power of the gap, over lines with at least three sizes far above their own."""
    powers = []
    for size, line in zip(sizes, means, strict=True):
        far = sizes >= FAR * size
        if far.sum() >= 3:
            powers.append(float(np.polyfit(np.log(sizes[far]), np.log(line[far]), 1)[0]))
    return min(powers), max(powers)
