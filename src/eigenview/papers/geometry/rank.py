"""Rank of the projector and accuracy of the encoder, by the strength of the augmentation."""

import numpy as np
from matplotlib.figure import Figure

from eigenview.data import open_images
from eigenview.measures import effective_rank, projector_rank
from eigenview.papers.claims import claim, only_if_long_run
from eigenview.papers.experiment import Scale
from eigenview.papers.geometry.runs import (
    COLOURS,
    SETTINGS,
    Snapshot,
    by_policy,
    describe_setting,
    over_training,
    plot_by_policy,
    table_columns,
    train_runs,
)
from eigenview.papers.outcome import Outcome
from eigenview.papers.probes import accuracies
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.style import style

TOLERANCE = 0.2
"""The paper's τ, as a share of the largest singular value; the paper gives no number.

A random matrix with four columns per row has a smallest singular value of a third of the largest (Marchenko–Pastur):
before training all are above this tolerance, so that a lower rank is due to training.
"""


def run(scale: Scale, runs: RunCache) -> Outcome:
    """Fig. 1: rank of the projector over training, and accuracy of the encoder after it."""
    s = SETTINGS[scale]
    steps, values = over_training(scale, runs, _ranks)
    rank, effective = values[..., 0], values[..., 1]
    linear, knn = _accuracies(scale, runs)
    ends, filled, smoke = rank[..., -1], effective[..., -1], scale == "smoke"
    with style():
        figure = Figure(figsize=(6.6, 2.9))
        left, right = figure.subplots(1, 2)
        plot_by_policy(left, steps, rank, f"rank (σ at least {TOLERANCE:g} of σ₁)")
        left.set(ylim=(0, 1.05 * s.D))
        for policy, x, y, z in zip(COLOURS, filled, linear, knn, strict=True):
            right.plot(x, y, "o", color=COLOURS[policy], label="linear probe" if policy == "small" else None)
            right.plot(x, z, "^", color=COLOURS[policy], label="kNN" if policy == "small" else None)
        right.set(xlabel="effective rank of the projector", ylabel="accuracy of the encoder")
        right.legend(loc="lower center")
        figure.legend(*left.get_legend_handles_labels(), loc="outside upper left", ncols=3)
    claims = (
        claim(
            "rank falls with strength",
            "The stronger the augmentation, the lower the rank of the projector.",
            f"rank, of {s.D}: {by_policy(ends, 1)}; effective rank, which needs no threshold: {by_policy(filled, 1)}",
            None if smoke else bool((np.diff(ends.mean(1)) < 0).all() and ends[-1].max() < ends[0].min()),
        ),
        claim(
            "full rank with small",
            "With small augmentations the projector keeps its full rank.",
            f"rank, of {s.D}: before training {by_policy(rank[..., 0], 1)}; after training small {ends[0].min():.0f} "
            f"to {ends[0].max():.0f}",
            bool((ends[0] == s.D).all()),
        ),
        claim(
            "stronger than small helps",
            "With moderate or large augmentations, under which the projector has a lower rank, the encoder is "
            "better than with small ones.",
            f"accuracy of a linear probe: {by_policy(linear, 3)}; of kNN: {by_policy(knn, 3)}",
            None if smoke else bool(linear[1:].min() > linear[0].max()),
        ),
        claim(
            "large is best",
            "The stronger the augmentation, up to large, the better the encoder.",
            f"accuracy, large minus moderate: linear probe {(linear[2] - linear[1]).mean():+.3f}, kNN "
            f"{(knn[2] - knn[1]).mean():+.3f} ({s.steps:,} steps)",
            # Few steps are too short for large augmentations to pay off: a crop of 8% of a small image shows little.
            only_if_long_run(linear[2].min() > linear[1].max(), scale),
        ),
    )
    caption = (
        f"{describe_setting(scale)}. The rank counts singular values of at least {TOLERANCE:g} times the largest "
        "(the paper gives no threshold). Right: accuracy on test images, one point per seed, colours as on the left."
    )
    return Outcome(figure, caption, table_columns(scale, steps, values, "rank", "effective rank"), claims, s.seeds)


def _ranks(snapshot: Snapshot) -> tuple[float, float]:
    return projector_rank(snapshot.W, TOLERANCE), effective_rank(snapshot.W)


def _accuracies(scale: Scale, runs: RunCache) -> tuple[np.ndarray, np.ndarray]:
    """Accuracies of a linear probe and of kNN, by policy and seed."""
    trained = [*train_runs(scale, runs).values()]
    data = trained[0].recipe.data
    known, held_out = open_images(data.train), open_images(data.test or data.train, "train" if data.test else "test")
    found = [accuracies(run, known, held_out) for run in trained]
    linear, knn = (np.array([getattr(each, name) for each in found]) for name in ("linear", "knn"))
    return linear.reshape(len(COLOURS), -1), knn.reshape(len(COLOURS), -1)
