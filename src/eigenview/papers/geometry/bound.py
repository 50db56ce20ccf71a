"""The upper bound on InfoNCE, over training."""

from math import log

import numpy as np
from matplotlib.figure import Figure

from eigenview.measures import infonce_bound
from eigenview.papers.claims import claim
from eigenview.papers.experiment import Scale
from eigenview.papers.geometry.runs import (
    BETA,
    COLOURS,
    SETTINGS,
    Snapshot,
    by_policy,
    describe_setting,
    over_training,
    plot_by_policy,
    table_columns,
)
from eigenview.papers.outcome import Outcome
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.style import INK, style


def run(scale: Scale, runs: RunCache) -> Outcome:
    """Fig. 3: InfoNCE and its upper bound, over training with views of three strengths."""
    P = SETTINGS[scale].P
    widest = log(2 * (P - 1))

    def measure(snapshot: Snapshot) -> tuple[float, float]:
        batches = [infonce_bound(z, BETA) for z in snapshot.z.split(P, dim=1)]
        return float(np.mean([each.loss for each in batches])), float(np.mean([each.bound for each in batches]))

    steps, values = over_training(scale, runs, measure)
    loss, bound = values[..., 0], values[..., 1]
    gap, later = bound - loss, slice(1, None)
    whole, after = _correlations(loss, bound), _correlations(loss[..., later], bound[..., later])
    with style():
        figure = Figure(figsize=(6.6, 2.9))
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        plot_by_policy(left, steps, loss, "InfoNCE, and its bound (dashed)")
        for policy, each, other in zip(COLOURS, bound, loss, strict=True):
            left.plot(steps, each.mean(0), "--", color=COLOURS[policy])
            right.plot(other.ravel(), each.ravel(), "o", color=COLOURS[policy])
        ends = np.array([loss.min(), loss.max()])
        right.plot(ends, ends, color=INK, linewidth=1, label="equal")
        right.plot(ends, ends + widest, color=INK, linewidth=1, linestyle="--", label="log 2(P − 1) above")
        right.set(xlabel="InfoNCE", ylabel="upper bound", ylim=(ends[0] - 0.3, ends[1] + widest + 2.2))
        right.legend(loc="upper left")
        figure.legend(*left.get_legend_handles_labels(), loc="outside upper left", ncols=3)
    claims = (
        claim(
            "upper bound",
            "The upper bound lies above InfoNCE, and by derivation at most log 2(P − 1) above it.",
            f"gaps are between {gap.min():.2f} and {gap.max():.2f}; log 2(P − 1) is {widest:.2f}",
            bool((gap >= -1e-5).all() and (gap <= widest + 1e-5).all()),
        ),
        claim(
            "follows training",
            "The upper bound follows InfoNCE throughout training.",
            f"correlation over each run from step {steps[1]} on: {by_policy(after)}",
            None if scale == "smoke" else bool((after > 0.9).all()),
        ),
        claim(
            "follows first steps",
            "The upper bound follows InfoNCE from the first steps of training on (which plots by epoch do not show).",
            f"correlation over each run from before training on: {by_policy(whole)}; by step {steps[1]} the bound "
            f"changes by: {by_policy(bound[..., 1] - bound[..., 0])}",
            None if scale == "smoke" else bool((whole > 0.9).all()),
        ),
    )
    caption = (
        f"{describe_setting(scale)}. Left: InfoNCE and its bound over training, on the same views throughout, in "
        f"batches of {P}. Right: one point per checkpoint of each run, and the limits of the gap."
    )
    table = table_columns(scale, steps, values, "InfoNCE", "upper bound")
    return Outcome(figure, caption, table, claims, SETTINGS[scale].seeds)


def _correlations(loss: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """Correlations of loss and bound over training, for each policy and seed."""
    pairs = zip(loss.reshape(-1, loss.shape[-1]), bound.reshape(-1, loss.shape[-1]), strict=True)
    return np.array([np.corrcoef(*pair)[0, 1] for pair in pairs]).reshape(loss.shape[:2])
