"""Projected gradient descent, and the flow that is its limit."""

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from eigenview.papers.claims import claim
from eigenview.papers.dynamics.pairs import pair_matrix
from eigenview.papers.experiment import Scale
from eigenview.papers.outcome import Outcome
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.axes import plain_log_ticks
from eigenview.plotting.style import BLUE, FAINT, VERMILLION, style
from eigenview.theory.dynamics import (
    euler_steps,
    flow,
    orthonormal_factors,
    project_onto_constraint,
    projected_gradient_descent,
    single_output_limit,
)


def run(scale: Scale, runs: RunCache) -> Outcome:
    """Fig. 3: projected gradient descent (11), the printed flow in steps (12), and the flow that is descent's limit."""
    rate, until, d, z = (5e-3 if scale == "smoke" else 1e-3), 6.0, 8, 2
    widths = (d + z, 32) if scale == "smoke" else (d + z, 32, 128, 512)
    x = np.random.default_rng(0).normal(size=(300, d)) * np.linspace(0.4, 1.2, d)
    C = pair_matrix(x) / (x.var() * d / 4)
    W = 0.5 * project_onto_constraint(np.random.default_rng(1).normal(size=(d, z))).T
    steps, every = round(until / rate), round(until / rate / 60)
    starts = {h: _widened(*orthonormal_factors(W, d + z), h) for h in widths}
    paths = {
        h: projected_gradient_descent(C, *start, rate, steps, every=every).trajectory for h, start in starts.items()
    }
    descent = paths[widths[0]]
    coarser = projected_gradient_descent(C, *starts[widths[0]], 2 * rate, steps // 2, every=every // 2).trajectory
    derived, printed = flow(C, W, descent.times), flow(C, W, descent.times, "printed")
    euler = euler_steps(C, W, rate, steps).losses[-1]
    far = {name: _distances(each.W, descent.W) for name, each in (("derived", derived), ("printed", printed))}
    between = max(float(_distances(paths[h].W, descent.W).max()) for h in widths[1:])
    values, start = np.linalg.eigvalsh(C), 0.3 * np.ones(d) / d**0.5
    ends = [single_output_limit(values, sign * start)[0] for sign in (1, -1)]
    with style():
        figure = Figure(figsize=(6.6, 2.9))
        axes = figure.subplots(1, 2)
        axes[0].plot(descent.times, descent.losses, color=FAINT, linewidth=4, label="projected descent")
        axes[0].plot(derived.times, derived.losses, color=BLUE, label="derived flow")
        axes[0].plot(printed.times, printed.losses, "--", color=VERMILLION, label="printed flow")
        axes[0].set(xlabel="time (rate × steps)", ylabel="loss")
        axes[0].legend()
        for (name, distance), colour in zip(far.items(), (BLUE, VERMILLION), strict=True):
            axes[1].plot(descent.times[1:], distance[1:], color=colour, label=name)
        axes[1].set(yscale="log", xlabel="time (rate × steps)", ylabel="relative distance from descent")
        plain_log_ticks(axes[1].yaxis)
        axes[1].legend()
    off = {name: float(distance.max()) for name, distance in far.items()}
    twice = {
        name: float(_distances(each.W, coarser.W).max()) for name, each in (("derived", derived), ("printed", printed))
    }
    claims = (
        claim(
            "same final loss",
            "The printed flow ends at the loss of projected gradient descent.",
            f"final losses: projected gradient descent {descent.losses[-1]:.4f}, printed flow "
            f"{printed.losses[-1]:.4f}, printed flow in Euler steps {euler:.4f}",
            abs(euler / descent.losses[-1] - 1) < 0.02,
        ),
        claim(
            "printed flow is the limit",
            "Projected gradient descent (11) follows the printed flow (9).",
            f"relative distance at most {off['printed']:.2g} at a learning rate of {rate:g}, {twice['printed']:.2g} "
            "at twice that rate",
            off["printed"] < 0.01,
        ),
        claim(
            "derived flow is the limit",
            "The flow with coefficients 3 and 1 in place of 2 and 2 is the limit of projected gradient descent "
            "(ours, derived anew).",
            f"relative distance at most {off['derived']:.2g} at a learning rate of {rate:g}, {twice['derived']:.2g} "
            "at twice that rate",
            off["derived"] < 0.01 and abs(twice["derived"] / off["derived"] / 2 - 1) < 0.2,
        ),
        claim(
            "independent of width",
            "The dynamics of projected gradient descent do not depend on the width.",
            f"the paths of widths {', '.join(map(str, widths))} differ by at most {between:.1g}",
            between < 1e-6,
        ),
        claim(
            "two end points",
            "A single output ends at plus or minus the first eigenvector.",
            f"two opposite starts end at {ends[0]:+.3f} and {ends[1]:+.3f} times the eigenvector",
            bool(np.allclose(np.abs(ends), 1) and ends[0] == -ends[1]),
        ),
    )
    table = {
        "time": descent.times,
        "loss of descent": descent.losses,
        "loss of derived flow": derived.losses,
        "loss of printed flow": printed.losses,
        "distance of derived flow": far["derived"],
        "distance of printed flow": far["printed"],
    }
    caption = (
        f"Normal data, d = {d}, z = {z}, learning rate {rate:g}, width {widths[0]} (other widths coincide with it). "
        "Left: losses. Right: distance of each flow from projected gradient descent, relative to the length of W."
    )
    return Outcome(figure, caption, table, claims)


def _widened(
    W1: Float[np.ndarray, "n d"], W2: Float[np.ndarray, "n z"], h: int
) -> tuple[Float[np.ndarray, "h d"], Float[np.ndarray, "h z"]]:
    """Wider layers of the same map, in random directions."""
    Q = project_onto_constraint(np.random.default_rng(h).normal(size=(h, len(W1))))
    return Q @ W1, Q @ W2


def _distances(W: Float[np.ndarray, "T z d"], path: Float[np.ndarray, "T z d"]) -> Float[np.ndarray, "T"]:
    return np.linalg.norm(W - path, axis=(1, 2)) / np.linalg.norm(path, axis=(1, 2))
