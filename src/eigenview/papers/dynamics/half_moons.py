"""Half moons: the contrastive loss diverges, the scaled loss does not."""

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import make_moons

from eigenview.papers.claims import claim
from eigenview.papers.dynamics.pairs import pair_matrix
from eigenview.papers.experiment import Scale
from eigenview.papers.outcome import Outcome
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.axes import plain_log_ticks
from eigenview.plotting.style import BLUE, INK, VERMILLION, style
from eigenview.theory.dynamics import optimum, scaled_loss


def run(scale: Scale, runs: RunCache) -> Outcome:
    """Fig. 1: the contrastive loss diverges, with all outputs alike; the loss over the squared length converges."""
    starts, steps, rate = {"smoke": 3}.get(scale, 8), 400, 0.05
    C = pair_matrix(np.asarray(make_moons(200, noise=0.05, random_state=0)[0]))
    generator, table, curves = np.random.default_rng(1), [], {"plain": [], "scaled": []}
    for start in range(starts):
        first = generator.normal(size=(2, 2))
        # Only the direction matters to the scaled loss, but from a short start its steps would be long.
        W, w = first, first[:1] / np.linalg.norm(first[:1])
        losses, lengths, scaled = [], [], []
        for _ in range(steps):
            losses.append(float(np.einsum("zd,zd->", W @ C, W)))
            lengths.append(np.linalg.norm(W))
            scaled.append(scaled_loss(w, C))
            W = W - 2 * rate * W @ C
            # With one output: half the gradient of wCwᵀ/‖w‖².
            w = w - 2 * rate * (w @ C - scaled[-1] * w) / (w @ w.T)
        singular = np.linalg.svd(W, compute_uv=False)
        table.append((start, losses[-1], singular[1] / singular[0], scaled[-1]))
        curves["plain"].append(lengths)
        curves["scaled"].append(scaled)
    best = optimum(C, 1).value
    _, last, ratios, ends = map(np.array, zip(*table, strict=True))
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
            "loss diverges",
            "Without a constraint the contrastive loss has no minimum, and gradient descent diverges.",
            f"at time {rate * steps:g} the loss is at most {last.max():.2g}; its minimum at unit length is {best:.2g}",
            bool((last < 100 * best).all()),
        ),
        claim(
            "outputs become alike",
            "Without a constraint all outputs follow the same dynamics, so that they collapse to one dimension.",
            f"the second singular value of W is at most {ratios.max():.1g} times the first",
            bool(ratios.max() < 1e-3),
        ),
        claim(
            "scaled loss converges",
            "Gradient descent on the contrastive loss over its squared length converges, whatever the start.",
            f"from {starts} starts the loss ends at the smallest eigenvalue of C, off by a factor of at most 1 + "
            f"{gap:.1g}",
            gap < 0.01,
        ),
    )
    names = ("start", "loss", "second over first singular value", "scaled loss")
    caption = (
        f"Two half moons, 200 points, {starts} starts. Left: gradient descent on the contrastive loss with two "
        "outputs. Right: with one output, the loss over its squared length (printed without the square, and so "
        "without a minimum)."
    )
    return Outcome(figure, caption, dict(zip(names, zip(*table, strict=True), strict=True)), claims)
