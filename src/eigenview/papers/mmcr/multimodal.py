"""MMCR and CLIP on images and captions, over the size of the batch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eigenview.config import DataRecipe, ObjectiveRecipe, ProjectorRecipe, Recipe, find_recipe
from eigenview.data import Images, batches_of, distinct_texts, open_dataset
from eigenview.measures import retrieval
from eigenview.papers.claims import Claim, claim, only_if_long_run
from eigenview.papers.datasets import data_recipe
from eigenview.papers.experiment import Scale
from eigenview.papers.outcome import Outcome
from eigenview.papers.run_cache import RunCache
from eigenview.papers.scales import SIZES
from eigenview.papers.synthetic_pairs import synthetic_pairs
from eigenview.plotting.axes import widths_as_ticks
from eigenview.plotting.style import BLUE, INK, VERMILLION, style
from eigenview.runs import Run, load_towers
from eigenview.theory.capacity import error_curve

COLOURS = {"MMCR": BLUE, "CLIP": VERMILLION}
NAMES = "recall", "percent error", "centroid norm"
_LAST = 3  # measurements that make up the end of training


@dataclass(frozen=True)
class Sweep:
    """The batch sizes and training of a scale.

    Args:
        P: batch sizes, in pairs.
        D: embedding dimensions.
        epochs: epochs over the training pairs, the same for all runs.
        seeds: random seeds, one for each repetition.
        k: number of nearest neighbours among which a match counts (R@k).
    """

    P: tuple[int, ...]
    D: int
    epochs: float
    seeds: tuple[int, ...]
    k: int = 10


SWEEPS: dict[Scale, Sweep] = {
    "smoke": Sweep((18, 54, 108), 54, 2.0, (0,), 1),
    "cpu": Sweep((32, 64, 128, 256, 512), 128, 10.0, (0, 1)),
    "gpu": Sweep((64, 128, 256, 512, 1024, 2048), 1024, 100.0, (0, 1, 2)),
}


def run(scale: Scale, runs: RunCache) -> Outcome:
    """Figs. 5 to 7: retrieval, percent error and length of centroids over P, for both objectives."""
    sweep, data = SWEEPS[scale], _data(scale, runs)
    order = [(name, P, seed) for name in COLOURS for P in sweep.P for seed in sweep.seeds]
    # The longest first, so that no process is left alone with a long run at the end.
    longest = sorted(order, key=lambda key: key[1])
    trained = dict(zip(longest, runs([_recipe(scale, data, *key) for key in longest]), strict=True))
    held_out = _held_out(data)
    rows = [(*key, *_measure(trained[key], held_out, sweep.k)) for key in order]
    found = np.array([row[3:] for row in rows]).reshape(len(COLOURS), len(sweep.P), len(sweep.seeds), -1)
    with style():
        figure = Figure(figsize=(6.6, 2.9))
        labels = f"R@{sweep.k}, mean of both ways", "percent error (share)", "length of centroids"
        for i, (axes, label) in enumerate(zip(np.ravel(figure.subplots(1, 3)), labels, strict=True)):
            _draw(axes, sweep.P, found[..., i])
            axes.set(ylabel=label, xlabel="P (pairs)")
            if i == 1:
                axes.plot(sweep.P, error_curve(sweep.P, sweep.D).uniform, "--", color=INK, linewidth=1, label="uniform")
                axes.axvline(sweep.D, color=INK, linewidth=0.8, linestyle=":", label="P = D")
        figure.legend(*figure.axes[1].get_legend_handles_labels(), loc="outside upper left", ncols=4)
    table = dict(zip(("objective", "P", "seed", *NAMES), map(list, zip(*rows, strict=True)), strict=True))
    seeds = len(sweep.seeds)
    pairs = "synthetic shapes with captions" if scale == "smoke" else "3,000 photographs of products and their titles"
    caption = (
        f"{SIZES[scale].description.split(' on ')[0][0].upper()}{SIZES[scale].description.split(' on ')[0][1:]} and "
        f"a transformer of width 128 on {pairs}, D = {sweep.D}, {sweep.epochs:g} epochs of AdamW at 1e-3 for all P "
        f"and both objectives; retrieval among {len(held_out):,} test pairs; mean and range of {seeds} "
        f"seed{'s' * (seeds > 1)}. The paper uses a ResNet-50, D = 1,024, batches beyond 512, and a learning rate "
        "for each objective (1e-4 and 1e-3)."
    )
    return Outcome(figure, caption, {**table}, _claims(scale, sweep, found), sweep.seeds)


def _data(scale: Scale, runs: RunCache) -> DataRecipe:
    if scale == "smoke":
        files = (str(synthetic_pairs(runs.folder, copies, seed)) for copies, seed in ((8, 0), (2, 1)))
        return DataRecipe(*files, captions="auto", size=16)
    return replace(
        data_recipe("fashion_products_captions", "cpu"), captions="caption", size=32 if scale == "cpu" else 64
    )


def _recipe(scale: Scale, data: DataRecipe, objective: str, P: int, seed: int) -> Recipe:
    # The recipe's learning rate for both objectives and every P.
    base, sweep = find_recipe("captions"), SWEEPS[scale]
    return replace(
        base,
        data=data,
        encoder=SIZES[scale].encoder,
        projector=ProjectorRecipe(sweep.D, hidden=()),
        objective=ObjectiveRecipe(objective),
        text=replace(base.text, vocabulary=500 if scale == "smoke" else 2000, context=24),
        training=replace(base.training, P=P, epochs=sweep.epochs, seed=seed, measure_every=5, checkpoint_every=10_000),
    )


def _held_out(data: DataRecipe) -> Images:
    _, held_out = open_dataset(data.train, data.test, captions=data.captions)
    assert held_out is not None
    return held_out


def _measure(run: Run, pairs: Images, k: int) -> tuple[float, ...]:
    """The `NAMES` of a run; the last two are those of its training batches."""
    towers = load_towers(run.path)
    x = torch.cat([towers.images(part) for _, part in batches_of(pairs, towers.size, 256)])
    assert pairs.captions is not None
    texts, matched = distinct_texts([captions[:1] for captions in pairs.captions])
    y, matches = towers.texts(texts), torch.from_numpy(matched)
    ways = (retrieval(x, y, matches, [k]), retrieval(y, x, matches.T, [k]))
    newest = run.history.steps[-_LAST:]
    ends = (
        np.mean([record.value(name, "embeddings") for record in newest]) for name in ("percent_error", "centroid_norm")
    )
    return float(np.mean([way.recall[k] for way in ways])), *map(float, ends)


def _draw(axes: Axes, sizes: Sequence[int], values: Float[np.ndarray, "objectives sizes seeds"]) -> None:
    for (name, colour), each in zip(COLOURS.items(), values, strict=True):
        axes.plot(sizes, each.mean(1), "o-", color=colour, label=name)
        axes.fill_between(sizes, each.min(1), each.max(1), color=colour, alpha=0.2, linewidth=0)
    axes.set_xscale("log", base=2)
    widths_as_ticks(axes, sizes)


def _claims(
    scale: Scale, sweep: Sweep, found: Float[np.ndarray, "objectives sizes seeds measures"]
) -> tuple[Claim, ...]:
    recall, errors, norms = (found[..., i] for i in range(3))
    lead = recall[0] - recall[1]
    mean, smoke = recall.mean(2), scale == "smoke"
    best, worst, peak = (sweep.P[int(i)] for i in (mean[0].argmax(), mean[0].argmin(), errors[0].mean(1).argmax()))

    def over_P(values: np.ndarray) -> str:
        return ", ".join(f"{value:.3f} (P = {P})" for P, value in zip(sweep.P, values, strict=True))

    return (
        claim(
            "MMCR wins at small P",
            "MMCR beats CLIP at small batch sizes.",
            f"R@{sweep.k} at P = {sweep.P[0]}: MMCR {mean[0, 0]:.3f}, CLIP {mean[1, 0]:.3f}; MMCR minus CLIP by "
            f"seed: {lead[0].min():+.3f} to {lead[0].max():+.3f}",
            None if smoke else only_if_long_run(lead[0].min() > 0, scale),
        ),
        claim(
            "lead shrinks with P",
            "MMCR's lead over CLIP shrinks as the batch grows, and MMCR loses at the largest batch size.",
            f"R@{sweep.k}, MMCR minus CLIP: {over_P(lead.mean(1))}",
            None if smoke else only_if_long_run(lead[0].min() > 0 and (np.diff(lead.mean(1)) < 0).all(), scale),
        ),
        claim(
            "best batch size",
            "MMCR's best batch size is intermediate, and its worst is near P = D.",
            f"R@{sweep.k} of MMCR: {over_P(mean[0])}; best at {best}, worst at {worst}, D = {sweep.D}",
            None if smoke else only_if_long_run(best not in (sweep.P[0], sweep.P[-1]) and worst == sweep.D, scale),
        ),
        claim(
            "centroid length",
            "The smaller the batch, the closer the length of MMCR's centroids comes to 1.",
            f"centroid length of MMCR: {over_P(norms[0].mean(1))}",
            bool((np.diff(norms[0].mean(1)) < 0).all()),
        ),
        claim(
            "peak at P = D",
            "MMCR's percent error is highest at P = D with two modalities, as it is with one.",
            f"percent error of MMCR: {over_P(errors[0].mean(1))}; highest at P = {peak}, D = {sweep.D}",
            None if smoke else peak == sweep.D,
        ),
    )
