"""The share of nearest negatives with the sample's own label."""

import numpy as np
from matplotlib.figure import Figure

from eigenview.measures import label_negatives
from eigenview.papers.claims import claim, only_if_long_run
from eigenview.papers.experiment import Scale
from eigenview.papers.geometry.runs import (
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
    """Fig. 6: share of samples whose nearest negative has their own label, over training."""

    def measure(snapshot: Snapshot) -> tuple[float, float]:
        found = label_negatives(snapshot.z, snapshot.labels)
        return found.share, found.chance

    steps, values = over_training(scale, runs, measure)
    share, chance = values[..., 0], values[..., 1].mean()
    mean = share.mean(1)
    rise = (mean - mean[:, :1]) / (mean.max(1, keepdims=True) - mean[:, :1])
    # The first snapshot by which most of the rise is done.
    arrived = steps[(rise >= 0.9).argmax(1)]
    with style():
        figure = Figure(figsize=(6.6, 2.8))
        axes = figure.subplots()
        plot_by_policy(axes, steps, share, "share with the sample's label")
        axes.axhline(chance, color=INK, linewidth=1, linestyle="--", label="chance")
        axes.set(ylim=(0, None))
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    claims = (
        claim(
            "share rises",
            "The share of nearest negatives with the sample's own label rises over training, whatever the "
            "augmentation.",
            f"share before training: {by_policy(share[..., 0])}; after training: {by_policy(share[..., -1])}; at "
            f"chance: {chance:.2f}",
            bool((share[..., -1] > share[..., 0]).all()),
        ),
        claim(
            "early and late rise",
            "The share of nearest negatives with the sample's own label rises early with small augmentations, and "
            "late with large ones.",
            f"nine tenths of the mean's rise are done by step {', '.join(map(str, arrived))} of {steps[-1]:,} with "
            "small, moderate and large augmentations",
            only_if_long_run(arrived[0] < arrived[-1] and (np.diff(arrived) >= 0).all(), scale),
        ),
    )
    caption = (
        f"{describe_setting(scale)}. Nearest negatives among the embeddings of {SETTINGS[scale].samples} samples, by "
        "cosine; the labels are the data set's own (the paper also uses coarse ones)."
    )
    table = table_columns(scale, steps, values, "share", "chance")
    return Outcome(figure, caption, table, claims, SETTINGS[scale].seeds)
