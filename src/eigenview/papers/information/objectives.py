"""Objectives with an entropy estimate, and their baselines, on one budget."""

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from eigenview.data import open_dataset
from eigenview.papers.claims import claim
from eigenview.papers.experiment import Scale
from eigenview.papers.information.runs import (
    BASELINES,
    OBJECTIVES,
    SEEDS,
    describe_setting,
    train_runs,
    untrained_encoder,
)
from eigenview.papers.outcome import Outcome
from eigenview.papers.probes import Accuracies, encoder_accuracies
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.style import BLUE, INK, ORANGE, style
from eigenview.runs import Run, load

REPLACED = {"VICReg + LogDet": "VICReg", "VICReg + pairs": "VICReg", "BYOL + LogDet": "BYOL"}
"""The baseline of each objective with an entropy estimate."""
_DASHES = {"o": "--", "^": ":"}


def run(scale: Scale, runs: RunCache) -> Outcome:
    """Table 1: accuracy of a linear probe and of kNN on test images, by objective."""
    trained, seeds = train_runs(scale, runs), SEEDS[scale]
    recipe = next(iter(trained.values())).recipe
    known, held_out = open_dataset(recipe.data.train, recipe.data.test)
    assert held_out is not None
    assert recipe.data.size is not None
    found = [encoder_accuracies(load(each.path), known, held_out, recipe.data.size) for each in trained.values()]
    before = encoder_accuracies(untrained_encoder(recipe, known), known, held_out, recipe.data.size)
    linear, knn = (_by_objective(found, name) for name in ("linear", "knn"))
    with style():
        figure = Figure(figsize=(6.6, 3.0))
        axes = figure.subplots()
        for each, of_untrained, marker, label in (
            (linear, before.linear, "o", "linear probe"),
            (knn, before.knn, "^", "kNN"),
        ):
            for i, (name, values) in enumerate(zip(OBJECTIVES, each, strict=True)):
                colour = BLUE if name in BASELINES else ORANGE
                axes.plot(values, [i] * len(values), marker, color=colour, alpha=0.7, markersize=5)
                axes.plot(values.mean(), i, "|", color=colour, markersize=16, markeredgewidth=2)
            axes.plot([], [], marker, color=INK, label=label)
            axes.axvline(of_untrained, color=INK, linestyle=_DASHES[marker], linewidth=1, label=f"{label}, untrained")
        axes.set(xlabel="accuracy on test images", ylabel="objective")
        axes.set_yticks(range(len(OBJECTIVES)), [*OBJECTIVES])
        axes.invert_yaxis()
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    means = dict(zip(OBJECTIVES, linear.mean(1), strict=True))
    best = {kind: max(names, key=means.__getitem__) for kind, names in _kinds().items()}
    ahead = {kind: linear[[*OBJECTIVES].index(name)] for kind, name in best.items()}
    gains = {name: linear[[*OBJECTIVES].index(name)] - linear[[*OBJECTIVES].index(REPLACED[name])] for name in REPLACED}
    filled = np.array([_effective_rank(each) for each in trained.values()]).reshape(linear.shape)
    ranks = dict(zip(OBJECTIVES, filled, strict=True))
    smoke = scale == "smoke"
    accuracies = ", ".join(f"{name} {value:.3f}" for name, value in means.items())
    claims = (
        claim(
            "beats untrained net",
            "Each objective learns better features than those of the untrained net (ours).",
            f"accuracy of a linear probe, mean of {len(seeds)} seeds: {accuracies}; untrained {before.linear:.3f}",
            None if smoke else bool((linear > before.linear).all()),
        ),
        claim(
            "no collapse",
            "An entropy estimate in place of variance and covariance terms keeps embeddings from collapsing.",
            "effective rank of a batch (its baseline's in parentheses): "
            + ", ".join(
                f"{name} {ranks[name].min():.0f} ({old} {ranks[old].min():.0f})" for name, old in REPLACED.items()
            ),
            all(bool((ranks[name] > ranks[old] / 2).all()) for name, old in REPLACED.items()),
        ),
        claim(
            "entropy is best",
            "The objective with the best features is one with an entropy estimate.",
            f"accuracy of a linear probe, for the best of both kinds: {best['entropy']} "
            f"{ahead['entropy'].mean():.3f} ± {ahead['entropy'].std():.3f}, {best['baseline']} "
            f"{ahead['baseline'].mean():.3f} ± {ahead['baseline'].std():.3f}",
            None if smoke else _decided(ahead["entropy"], ahead["baseline"]),
        ),
        claim(
            "beats its baseline",
            "Each objective with an entropy estimate learns better features than the baseline whose terms the "
            "estimate replaces.",
            "accuracy of a linear probe, minus the baseline's by seed: "
            + "; ".join(f"{name} {gain.min():+.3f} to {gain.max():+.3f}" for name, gain in gains.items()),
            None if smoke or any(gain.min() < 0 < gain.max() for gain in gains.values()) else _all_above(gains),
        ),
    )
    caption = (
        f"{describe_setting(scale)}, the same for all objectives; each objective's weights were chosen among three "
        "to seven settings by a linear probe on a fifth of the training images, with another seed; points: "
        f"{len(seeds)} seeds, strokes: their means. Blue: baselines; orange: objectives with an entropy estimate. "
        "The paper trains far longer: differences of a few points may reverse."
    )
    rows = [(*key, each.linear, each.knn) for key, each in zip(trained, found, strict=True)]
    table = dict(zip(("objective", "seed", "linear", "kNN"), map(list, zip(*rows, strict=True)), strict=True))
    return Outcome(figure, caption, {**table}, claims, seeds)


def _effective_rank(run: Run) -> float:
    """The effective rank of the embeddings of the last measured training batch."""
    return run.history.steps[-1].value("effective_rank", "embeddings")


def _kinds() -> dict[str, list[str]]:
    return {"baseline": [*BASELINES], "entropy": [name for name in OBJECTIVES if name not in BASELINES]}


def _by_objective(found: list[Accuracies], name: str) -> Float[np.ndarray, "objectives seeds"]:
    return np.array([getattr(each, name) for each in found]).reshape(len(OBJECTIVES), -1)


def _decided(one: Float[np.ndarray, "seeds"], other: Float[np.ndarray, "seeds"]) -> bool | None:
    """Whether one is above the other; None if their seeds overlap."""
    if one.min() > other.max():
        return True
    return False if one.max() < other.min() else None


def _all_above(gains: dict[str, Float[np.ndarray, "seeds"]]) -> bool:
    return all(bool((gain > 0).all()) for gain in gains.values())
