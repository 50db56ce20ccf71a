"""How much of the displacements between neighbours the projector does not see."""

from matplotlib.figure import Figure

from eigenview.measures import displacements, nearest_negatives, unexplained_variance
from eigenview.papers.geometry.runs import (
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
    """Fig. 7: share of the displacements' variance outside the column space of the projector, over training."""
    features = []

    def measure(moment: Moment) -> tuple[float]:
        features.append(moment.h.shape[-1])
        return (unexplained_variance(moment.W, displacements(moment.h, nearest_negatives(moment.z))),)

    steps, values = over_training(scale, trained, measure)
    left_over = values[..., 0]
    unrelated = 1 - SETTINGS[scale].D / features[0]
    before, first, last = (left_over[..., t] for t in (0, 1, -1))
    share = (before - first) / (before - last)
    with style():
        figure = Figure(figsize=(6.6, 2.8))
        axes = figure.subplots()
        draw(axes, steps, left_over, "share of variance unexplained")
        axes.axhline(unrelated, color=INK, linewidth=1, linestyle="--", label="unrelated directions")
        axes.set(ylim=(0, 1))
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    claims = (
        claim(
            "drops",
            "What the projector leaves unexplained drops sharply after initialisation.",
            f"before training {by_policy(before)}, at step {steps[1]} {by_policy(first)}, at its end {by_policy(last)}",
            bool((first < 0.75 * before).all() and (last < 0.75 * before).all()),
        ),
        claim(
            "at once",
            "Most of the drop comes in the first part of training.",
            f"of the whole drop, by step {steps[1]} of {steps[-1]:,}: {by_policy(share)}",
            None if scale == "smoke" else bool((share > 0.5).all()),
        ),
    )
    caption = (
        f"{setting_in_words(scale)}. Displacements of {SETTINGS[scale].looked_at} samples, from the nearest negative "
        f"to the second view. The dashed line is what {SETTINGS[scale].D} of {features[0]} dimensions leave of "
        "displacements without a preferred direction."
    )
    columns = columns_of(scale, steps, values, "unexplained")
    return Outcome(figure, caption, columns, claims, SETTINGS[scale].seeds)
