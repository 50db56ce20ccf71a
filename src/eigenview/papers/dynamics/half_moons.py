"""Half moons: the loss itself diverges, the scaled one does not."""

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import make_moons

from eigenview.papers.dynamics.pairs import matrix_of_pairs
from eigenview.papers.outcome import Outcome, Scale, claim
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.axes import plain_log_ticks
from eigenview.plotting.style import BLUE, INK, VERMILLION, style
from eigenview.theory.dynamics import optimum, scaled_loss


def run(scale: Scale, trained: RunCache) -> Outcome:
    """Fig. 1: the loss itself diverges, with all outputs alike; over its squared length it converges."""
    starts, steps, rate = {"smoke": 3}.get(scale, 8), 400, 0.05
    C = matrix_of_pairs(np.asarray(make_moons(200, noise=0.05, random_state=0)[0]))
    generator, columns, curves = np.random.default_rng(1), [], {"plain": [], "scaled": []}
    for start in range(starts):
        first = generator.normal(size=(2, 2))
        # Of the scaled loss the direction is all that counts, but a short start would take long steps.
        W, w = first, first[:1] / np.linalg.norm(first[:1])
        losses, lengths, scaled = [], [], []
        for _ in range(steps):
            losses.append(float(np.einsum("zd,zd->", W @ C, W)))
            lengths.append(np.linalg.norm(W))
            scaled.append(scaled_loss(w, C))
            W = W - 2 * rate * W @ C
            # Of one output: the slope of wCwᵀ/‖w‖², which has the length of w's own turn.
            w = w - 2 * rate * (w @ C - scaled[-1] * w) / (w @ w.T)
        singular = np.linalg.svd(W, compute_uv=False)
        columns.append((start, losses[-1], singular[1] / singular[0], scaled[-1]))
        curves["plain"].append(lengths)
        curves["scaled"].append(scaled)
    best = optimum(C, 1).value
    _, last, ratios, ends = map(np.array, zip(*columns, strict=True))
    with style():
        figure = Figure(figsize=(6.6, 2.8))
        axes = figure.subplots(1, 2)
        for lengths, scaled in zip(curves["plain"], curves["scaled"], strict=True):
            axes[0].plot(rate * np.arange(steps), lengths, color=VERMILLION, linewidth=1)
            axes[1].plot(rate * np.arange(steps), scaled, color=BLUE, linewidth=1)
        axes[0].set(yscale="log", xlabel="time (rate × steps)", ylabel="‖W‖ without a constraint")
        plain_log_ticks(axes[0].yaxis)
        axes[1].axhline(best, color=INK, linestyle="--", linewidth=1, label="least eigenvalue of C")
        axes[1].set(xlabel="time (rate × steps)", ylabel="loss over ‖W‖²")
        axes[1].legend()
    gap = float(np.abs(ends / best - 1).max())
    claims = (
        claim(
            "diverges",
            "Without a constraint the loss has no minimum, and gradient descent diverges.",
            f"at time {rate * steps:g} the loss is {last.max():.2g} at most; of unit length the least is {best:.2g}",
            bool((last < 100 * best).all()),
        ),
        claim(
            "rank one",
            "Every output has the same dynamics, so that they collapse to one dimension.",
            f"second singular value over the first at most {ratios.max():.1g}",
            bool(ratios.max() < 1e-3),
        ),
        claim(
            "scaled converges",
            "The scaled loss converges, whatever the start.",
            f"{starts} starts, off the least eigenvalue by at most {gap:.1g}",
            gap < 0.01,
        ),
    )
    names = ("start", "loss", "second over first singular value", "scaled loss")
    caption = (
        f"Two half moons, 200 points, {starts} starts. Left: two outputs, gradient descent on the contrastive loss. "
        "Right: one output, the loss over its squared length (printed without the square, where it has no minimum)."
    )
    return Outcome(figure, caption, dict(zip(names, zip(*columns, strict=True), strict=True)), claims)
