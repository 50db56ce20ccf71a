"""Whether nearest negatives share the sample's label."""

import numpy as np
from matplotlib.figure import Figure

from eigenview.measures import label_negatives
from eigenview.papers.geometry.runs import (
    SETTINGS,
    Moment,
    by_policy,
    columns_of,
    draw,
    over_training,
    setting_in_words,
)
from eigenview.papers.outcome import Outcome, Scale, claim, only_if_long_run
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.style import INK, style


def run(scale: Scale, trained: RunCache) -> Outcome:
    """Fig. 6: share of samples whose nearest negative has their label, over training."""

    def measure(moment: Moment) -> tuple[float, float]:
        found = label_negatives(moment.z, moment.labels)
        return found.share, found.chance

    steps, values = over_training(scale, trained, measure)
    share, chance = values[..., 0], values[..., 1].mean()
    mean = share.mean(1)
    rise = (mean - mean[:, :1]) / (mean.max(1, keepdims=True) - mean[:, :1])
    # The first step that is looked at by which most of the rise is done.
    arrived = steps[(rise >= 0.9).argmax(1)]
    with style():
        figure = Figure(figsize=(6.6, 2.8))
        axes = figure.subplots()
        draw(axes, steps, share, "share with the sample's label")
        axes.axhline(chance, color=INK, linewidth=1, linestyle="--", label="chance")
        axes.set(ylim=(0, None))
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    claims = (
        claim(
            "rises",
            "Over training more and more nearest negatives have the sample's label, whatever the augmentation.",
            f"before training {by_policy(share[..., 0])}, at its end {by_policy(share[..., -1])}; chance {chance:.2f}",
            bool((share[..., -1] > share[..., 0]).all()),
        ),
        claim(
            "early and late",
            "It rises early with small augmentations, and late with large ones.",
            f"nine tenths of the rise of the mean by step {', '.join(map(str, arrived))} of {steps[-1]:,} for "
            "small, moderate and large",
            only_if_long_run(arrived[0] < arrived[-1] and (np.diff(arrived) >= 0).all(), scale),
        ),
    )
    caption = (
        f"{setting_in_words(scale)}. Nearest negatives among embeddings of {SETTINGS[scale].looked_at} samples, by "
        "cosine; labels are the set's own (the paper also takes coarse ones)."
    )
    columns = columns_of(scale, steps, values, "share", "chance")
    return Outcome(figure, caption, columns, claims, SETTINGS[scale].seeds)
