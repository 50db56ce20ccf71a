"""The distance of features to their nearest negatives."""

import numpy as np
from matplotlib.figure import Figure

from eigenview.measures import nearest_negative_distances
from eigenview.papers.claims import claim
from eigenview.papers.experiment import Scale
from eigenview.papers.geometry.runs import (
    COLOURS,
    SETTINGS,
    by_policy,
    describe_setting,
    over_training,
    plot_by_policy,
    table_columns,
)
from eigenview.papers.outcome import Outcome
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.style import style


def run(scale: Scale, runs: RunCache) -> Outcome:
    """Fig. 5: histogram of the distances between features and their nearest negatives, after training."""
    steps, values = over_training(scale, runs, lambda m: nearest_negative_distances(m.h, m.z).tolist())
    means, last = values.mean(-1), values[:, :, -1]
    ends = means[..., -1]
    with style():
        figure = Figure(figsize=(6.6, 2.9))
        left, right = figure.subplots(1, 2)
        bins = np.linspace(0, 1.02 * np.quantile(last, 0.999), 40)
        for (policy, colour), each in zip(COLOURS.items(), last, strict=True):
            left.hist(each.ravel(), bins, density=True, histtype="stepfilled", color=colour, alpha=0.35)
            left.hist(each.ravel(), bins, density=True, histtype="step", color=colour, label=policy)
            left.axvline(each.mean(), color=colour, linewidth=1, linestyle="--")
        left.set(xlabel="distance to the nearest negative (of a random one)", ylabel="density")
        plot_by_policy(right, steps, means, "mean distance")
        right.set(ylim=(0, None))
        figure.legend(*right.get_legend_handles_labels(), loc="outside upper left", ncols=3)
    claims = (
        claim(
            "farther with small",
            "Features are farther from their nearest negatives with small augmentations than with large ones.",
            f"mean distance after training: {by_policy(ends)}; before training: {by_policy(means[..., 0])}",
            bool(ends[0].min() > ends[-1].max()),
        ),
        claim(
            "falls with strength",
            "The distance of features to their nearest negatives falls from small to moderate to large augmentations.",
            f"mean distance after training: {by_policy(ends)}",
            None if scale == "smoke" else bool((np.diff(ends.mean(1)) < 0).all()),
        ),
    )
    caption = (
        f"{describe_setting(scale)}. Distance in feature space of the first view of {SETTINGS[scale].samples} "
        "samples to the negative that is nearest among embeddings, in units of the root mean square distance to a "
        "random negative (the paper does not say how it normalises). Left: after training; dashed: means."
    )
    table = table_columns(scale, steps, means[..., None], "mean distance")
    return Outcome(figure, caption, table, claims, SETTINGS[scale].seeds)
