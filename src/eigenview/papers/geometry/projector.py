"""Depth and width of the projector: what they do to the encoder, and how well it fits locally."""

from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console

from eigenview.data import open_dataset
from eigenview.measures import (
    displacements,
    effective_rank,
    label_knn,
    label_linear,
    local_projectors,
    nearest_negatives,
)
from eigenview.papers.outcome import Claim, Outcome, Scale, claim, if_shown
from eigenview.papers.small_runs import SIZES, run_of
from eigenview.papers.trained import Trainer
from eigenview.report.style import BLUE, FAINT, GREEN, ORANGE, style
from eigenview.runs import ObjectiveRecipe, ProjectorRecipe, Recipe, Run, load, load_model, look
from eigenview.runs.embed import encode

HIDDEN: dict[Scale, tuple[tuple[int, ...], ...]] = {
    "smoke": ((), (64,)),
    "cpu": ((), (64,), (512,), (64, 64), (512, 512)),
    "gpu": ((), (512,), (2048,), (512, 512), (2048, 2048)),
}
MEASURES = "linear probe", "kNN", "unexplained", "rank of the projector", "effective rank of displacements"


def run(scale: Scale, trained: Trainer) -> Outcome:
    """Sec. 5: the encoder's accuracy, and what local maps of the projector leave of displacements."""
    seeds, steps = ((0,), 8) if scale == "smoke" else ((0, 1), 300) if scale == "cpu" else (range(5), 200_000)
    order = [(hidden, seed) for hidden in HIDDEN[scale] for seed in seeds]
    runs = trained([_recipe(scale, hidden, seed, steps) for hidden, seed in order])
    found = np.array([_measured(each, 200 if scale == "smoke" else 1000) for each in runs])
    found = found.reshape(len(HIDDEN[scale]), len(seeds), -1)
    names = ["×".join(map(str, hidden)) or "linear" for hidden in HIDDEN[scale]]
    with style():
        figure = Figure(figsize=(6.6, 2.8))
        labels = "accuracy of a linear probe", "share of displacements\nunexplained", "effective rank\nof displacements"
        for axes, measure, label, colour in zip(
            np.ravel(figure.subplots(1, 3)), (0, 2, 4), labels, (BLUE, ORANGE, GREEN), strict=True
        ):
            axes.plot(names, found[..., measure].mean(1), "_", color=colour, markersize=14, markeredgewidth=2.5)
            for seed in range(len(seeds)):
                axes.plot(names, found[:, seed, measure], "o", color=FAINT)
            axes.set(ylabel=label, xlabel="hidden layers")
            axes.margins(x=0.15, y=0.15)
            axes.tick_params(axis="x", rotation=40)
    rows = [("×".join(map(str, hidden)) or "linear", seed) for hidden, seed in order]
    columns = {"hidden layers": [row[0] for row in rows], "seed": [row[1] for row in rows]}
    columns |= {name: found[..., i].ravel() for i, name in enumerate(MEASURES)}
    caption = (
        f"{SIZES[scale].says[0].upper()}{SIZES[scale].says[1:]}, large views, D a quarter of the features, {steps:,} "
        f"steps{' at 16 × 16 pixels' if scale == 'cpu' else ''}; lines are means, points are seeds. Unexplained is the "
        "share of displacements to nearest negatives outside the span of the projector's Jacobian at each sample."
    )
    return Outcome(figure, caption, columns, _claims(scale, names, found), tuple(seeds))


def _recipe(scale: Scale, hidden: tuple[int, ...], seed: int, steps: int) -> Recipe:
    D = 128 if scale == "gpu" else 16
    recipe = run_of(
        scale,
        ObjectiveRecipe("DecoupledInfoNCE"),
        "large",
        data="cifar100" if scale == "gpu" else "cifar10",
        projector=ProjectorRecipe(D, hidden=hidden),
        steps=steps,
        seed=seed,
    )
    return replace(recipe, data=replace(recipe.data, size=16)) if scale == "cpu" else recipe


def _measured(run: Run, P: int) -> tuple[float, ...]:
    """A run's `MEASURES`."""
    data, encoder, console = run.recipe.data, load(run.path), Console(quiet=True)
    known, held_out = open_dataset(data.train, data.test)
    assert known.labels is not None
    assert held_out is not None
    assert held_out.labels is not None
    h, h_test = (encode(encoder, images, data.size, console) for images in (known, held_out))
    seen = look(run.path, P=P, K=2)
    local = local_projectors(load_model(run.path).projector, seen.h)
    delta = displacements(seen.h, nearest_negatives(seen.z))
    accuracies = (probe(h, known.labels, h_test, held_out.labels) for probe in (label_linear, label_knn))
    return *accuracies, local.unexplained, local.rank, effective_rank(delta)


def _claims(scale: Scale, names: list[str], found: np.ndarray) -> tuple[Claim, ...]:
    linear, deepest = found[0], found[-1]

    def compared(measure: int) -> str:
        return ", ".join(f"{name} {found[i, :, measure].mean():.3g}" for i, name in enumerate(names))

    smoke = scale == "smoke"
    return (
        claim(
            "accuracy",
            "Deeper and wider projectors help the encoder's accuracy.",
            f"linear probe, mean over seeds: {compared(0)}; better by {(deepest - linear)[:, 0].min():+.3f} to "
            f"{(deepest - linear)[:, 0].max():+.3f} with {names[-1]} than with a linear projector",
            if_shown(_by_every_seed(deepest[:, 0] - linear[:, 0]), scale),
        ),
        claim(
            "local fit",
            "The deeper and wider, the better each sample's local map fits its displacement.",
            f"share unexplained: {compared(2)}",
            None if smoke else _by_every_seed(linear[:, 2] - deepest[:, 2]),
        ),
        claim(
            "linearised",
            "A linear projector forces the encoder to put displacements into a linear subspace; a non-linear does not.",
            f"effective rank of displacements: {compared(4)}",
            None if smoke else _by_every_seed(deepest[:, 4] - linear[:, 4]),
        ),
    )


def _by_every_seed(gains: np.ndarray) -> bool | None:
    """Whether there is a gain; None where seeds do not agree."""
    return True if (gains > 0).all() else False if (gains <= 0).all() else None
