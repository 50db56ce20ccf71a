"""The activations with which a wide network becomes a linear one."""

import numpy as np
from matplotlib.figure import Figure

from eigenview.papers.claims import claim
from eigenview.papers.experiment import Scale
from eigenview.papers.outcome import Outcome
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.axes import plain_log_ticks, widths_as_ticks
from eigenview.plotting.style import BLUE, GREEN, ORANGE, style
from eigenview.theory.dynamics import project_onto_constraint


def run(scale: Scale, runs: RunCache) -> Outcome:
    """Fig. 2: how far a network with an activation is from the linear one, at orthogonal initialisation."""
    most = {"smoke": 512, "cpu": 2048, "gpu": 8192}[scale]
    widths, seeds, (d, z) = 2 ** np.arange(5, int(np.log2(most)) + 1), 3 if scale == "smoke" else 5, (16, 2)
    activations = {"tanh": np.tanh, "ReLU": lambda a: np.maximum(a, 0), "sigmoid": lambda a: 1 / (1 + np.exp(-a))}
    x, rows = np.random.default_rng(0).normal(size=(200, d)), []
    for h in widths:
        for seed in range(seeds):
            generator = np.random.default_rng([int(h), seed])
            W1, W2 = (project_onto_constraint(generator.normal(size=(int(h), n))) for n in (d, z))
            linear = x @ W1.T @ W2
            for name, activation in activations.items():
                off = np.linalg.norm(activation(x @ W1.T) @ W2 - linear)
                rows.append((name, int(h), seed, off / len(x) ** 0.5, off / np.linalg.norm(linear)))
    relative = {name: _by_width(rows, name, 4, widths) for name in activations}
    absolute = {name: _by_width(rows, name, 3, widths) for name in activations}
    with style():
        figure = Figure(figsize=(6.6, 2.8))
        axes = figure.subplots(1, 2)
        for axis, found, label in ((axes[0], absolute, "distance"), (axes[1], relative, "relative distance")):
            for (name, values), colour in zip(found.items(), (BLUE, ORANGE, GREEN), strict=True):
                mean, spread = values.mean(1), values.std(1)
                axis.plot(widths, mean, "o-", color=colour, label=name)
                axis.fill_between(widths, mean - spread, mean + spread, color=colour, alpha=0.2, linewidth=0)
            axis.set(xscale="log", yscale="log", xlabel="width h", ylabel=f"{label} from the linear")
            plain_log_ticks(axis.yaxis)
            widths_as_ticks(axis, widths[::2])
        axes[1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    slopes = {name: float(np.polyfit(np.log(widths), np.log(v.mean(1)), 1)[0]) for name, v in relative.items()}
    claims = (
        claim(
            "wide tanh",
            "A wide tanh network approaches the linear network (Thm. 1: φ(0) = 0, φ′(0) = 1).",
            f"relative distance ∝ h^{slopes['tanh']:.2f}, {relative['tanh'][-1].mean():.1g} at h = {widths[-1]}",
            slopes["tanh"] < -0.4,
        ),
        claim(
            "wide ReLU",
            "A wide ReLU network approaches the linear network.",
            "the distance falls as the outputs themselves do; relative to them it is "
            f"{relative['ReLU'][0].mean():.2f} at h = {widths[0]} and {relative['ReLU'][-1].mean():.2f} at h = "
            f"{widths[-1]}",
            slopes["ReLU"] < -0.1,
        ),
        claim(
            "wide sigmoid",
            "A wide sigmoid network does not approach the linear network.",
            f"relative distance ∝ h^{slopes['sigmoid']:+.2f}",
            slopes["sigmoid"] > -0.1,
        ),
    )
    names = ("activation", "width", "seed", "distance", "relative distance")
    caption = (
        "Root mean square distance between the outputs of the network and of the linear network over 200 normal "
        f"points, d = {d}, z = {z}; mean and standard deviation of {seeds} initialisations. The outputs themselves "
        "shrink as √(z/h), so that the relative distance decides."
    )
    return Outcome(figure, caption, dict(zip(names, zip(*rows, strict=True), strict=True)), claims)


def _by_width(rows: list[tuple], name: str, column: int, widths: np.ndarray) -> np.ndarray:
    return np.array([[row[column] for row in rows if row[:2] == (name, h)] for h in widths])
