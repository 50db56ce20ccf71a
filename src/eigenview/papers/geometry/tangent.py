"""The variance of displacements between neighbours that the projector leaves unexplained."""

from matplotlib.figure import Figure

from eigenview.measures import displacements, nearest_negatives, unexplained_variance
from eigenview.papers.claims import claim
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
    """Fig. 7: share of the displacements' variance outside the column space of the projector, over training."""
    features = []

    def measure(snapshot: Snapshot) -> tuple[float]:
        features.append(snapshot.h.shape[-1])
        return (unexplained_variance(snapshot.W, displacements(snapshot.h, nearest_negatives(snapshot.z))),)

    steps, values = over_training(scale, runs, measure)
    left_over = values[..., 0]
    unrelated = 1 - SETTINGS[scale].D / features[0]
    before, first, last = (left_over[..., t] for t in (0, 1, -1))
    share = (before - first) / (before - last)
    with style():
        figure = Figure(figsize=(6.6, 2.8))
        axes = figure.subplots()
        plot_by_policy(axes, steps, left_over, "share of variance unexplained")
        axes.axhline(unrelated, color=INK, linewidth=1, linestyle="--", label="unrelated directions")
        axes.set(ylim=(0, 1))
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    claims = (
        claim(
            "unexplained share drops",
            "The share of variance that the projector leaves unexplained drops sharply after initialisation.",
            f"share before training: {by_policy(before)}; at step {steps[1]}: {by_policy(first)}; after training: "
            f"{by_policy(last)}",
            bool((first < 0.75 * before).all() and (last < 0.75 * before).all()),
        ),
        claim(
            "drop comes early",
            "Most of the drop in the share of variance that the projector leaves unexplained comes in the first "
            "part of training.",
            f"share of the whole drop that is done by step {steps[1]} of {steps[-1]:,}: {by_policy(share)}",
            None if scale == "smoke" else bool((share > 0.5).all()),
        ),
    )
    caption = (
        f"{describe_setting(scale)}. Displacements of {SETTINGS[scale].samples} samples, from the nearest negative "
        f"to the second view. Dashed: the share that {SETTINGS[scale].D} of {features[0]} dimensions leave "
        "unexplained of displacements without a preferred direction."
    )
    table = table_columns(scale, steps, values, "unexplained")
    return Outcome(figure, caption, table, claims, SETTINGS[scale].seeds)
