"""The upper bound on InfoNCE, over training."""

from math import log

import numpy as np
from matplotlib.figure import Figure

from eigenview.measures import infonce_bound
from eigenview.papers.geometry.runs import (
    BETA,
    COLOURS,
    SETTINGS,
    Moment,
    by_policy,
    columns_of,
    draw,
    over_training,
    setting_in_words,
)
from eigenview.papers.outcome import Outcome, Scale, claim
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.style import INK, style


def run(scale: Scale, trained: RunCache) -> Outcome:
    """Fig. 3: InfoNCE and its upper bound, over training with views of three strengths."""
    P = SETTINGS[scale].P
    widest = log(2 * (P - 1))

    def measure(moment: Moment) -> tuple[float, float]:
        batches = [infonce_bound(z, BETA) for z in moment.z.split(P, dim=1)]
        return float(np.mean([each.loss for each in batches])), float(np.mean([each.bound for each in batches]))

    steps, values = over_training(scale, trained, measure)
    loss, bound = values[..., 0], values[..., 1]
    gap, later = bound - loss, slice(1, None)
    whole, after = _correlations(loss, bound), _correlations(loss[..., later], bound[..., later])
    with style():
        figure = Figure(figsize=(6.6, 2.9))
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        draw(left, steps, loss, "InfoNCE, and its bound (dashed)")
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
            "bound",
            "The bound is above InfoNCE, and by derivation no more than log 2(P − 1).",
            f"gaps between {gap.min():.2f} and {gap.max():.2f}; log 2(P − 1) is {widest:.2f}",
            bool((gap >= -1e-5).all() and (gap <= widest + 1e-5).all()),
        ),
        claim(
            "tracks",
            "The upper bound follows InfoNCE throughout training.",
            f"correlation over a run from step {steps[1]} on {by_policy(after)}",
            None if scale == "smoke" else bool((after > 0.9).all()),
        ),
        claim(
            "from the start",
            "It does so from the first steps on (which epochs do not show).",
            f"correlation over a run from before training on {by_policy(whole)}; by step {steps[1]} the bound "
            f"changes by {by_policy(bound[..., 1] - bound[..., 0])}",
            None if scale == "smoke" else bool((whole > 0.9).all()),
        ),
    )
    caption = (
        f"{setting_in_words(scale)}. Left: both over training, on the same views throughout, in batches of {P}. "
        "Right: each moment of each run between the limits of the gap."
    )
    columns = columns_of(scale, steps, values, "InfoNCE", "upper bound")
    return Outcome(figure, caption, columns, claims, SETTINGS[scale].seeds)


def _correlations(loss: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """Of the two over training, for each policy and seed."""
    pairs = zip(loss.reshape(-1, loss.shape[-1]), bound.reshape(-1, loss.shape[-1]), strict=True)
    return np.array([np.corrcoef(*pair)[0, 1] for pair in pairs]).reshape(loss.shape[:2])
