"""Depth and width of the projector, the encoder's accuracy, and how much its local maps explain."""

from collections.abc import Callable
from itertools import permutations

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from eigenview.config import ObjectiveRecipe, ProjectorRecipe, Recipe
from eigenview.data import open_dataset
from eigenview.inspect import extract_view_features
from eigenview.measures import displacements, effective_rank, local_projectors, nearest_negatives
from eigenview.papers.claims import Claim, claim, only_if_long_run
from eigenview.papers.experiment import Scale
from eigenview.papers.outcome import Outcome
from eigenview.papers.probes import accuracies
from eigenview.papers.run_cache import RunCache
from eigenview.papers.scales import SIZES, image_recipe
from eigenview.plotting.style import BLUE, FAINT, GREEN, ORANGE, style
from eigenview.runs import Run, load_model

Hidden = tuple[int, ...]
"""Widths of a projector's hidden layers."""
HIDDEN: dict[Scale, tuple[Hidden, ...]] = {
    "smoke": ((), (16,), (512,)),
    "cpu": ((), (64,), (512,), (64, 64), (512, 512)),
    "gpu": ((), (512,), (2048,), (512, 512), (2048, 2048)),
}
MEASURES = "linear probe", "kNN", "unexplained", "rank of the projector", "effective rank of displacements"


def run(scale: Scale, runs: RunCache) -> Outcome:
    """Sec. 5: the encoder's accuracy, and the share of displacements that local maps leave unexplained."""
    seeds, steps = ((0,), 20) if scale == "smoke" else ((0, 1), 300) if scale == "cpu" else (range(5), 200_000)
    order = [(hidden, seed) for hidden in HIDDEN[scale] for seed in seeds]
    trained = runs([_recipe(scale, hidden, seed, steps) for hidden, seed in order])
    found = np.array([_measure(each, 200 if scale == "smoke" else 1000) for each in trained])
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
    table = {"hidden layers": [row[0] for row in rows], "seed": [row[1] for row in rows]}
    table |= {name: found[..., i].ravel() for i, name in enumerate(MEASURES)}
    caption = (
        f"{SIZES[scale].description[0].upper()}{SIZES[scale].description[1:]}, the policy 'large', D a quarter of "
        f"the number of features, {steps:,} steps{' at 16 × 16 pixels' if scale == 'cpu' else ''}; lines: means, "
        "points: seeds. Unexplained: the share of displacements to nearest negatives outside the span of the "
        "projector's Jacobian at each sample."
    )
    return Outcome(figure, caption, table, _claims(scale, names, found), tuple(seeds))


def _recipe(scale: Scale, hidden: Hidden, seed: int, steps: int) -> Recipe:
    D = 128 if scale == "gpu" else 16
    return image_recipe(
        scale,
        ObjectiveRecipe("DecoupledInfoNCE"),
        "large",
        data="cifar100" if scale == "gpu" else "cifar10",
        projector=ProjectorRecipe(D, hidden=hidden),
        steps=steps,
        seed=seed,
        side=16 if scale == "cpu" else None,
    )


def _measure(run: Run, P: int) -> tuple[float, ...]:
    """A run's `MEASURES`."""
    known, held_out = open_dataset(run.recipe.data.train, run.recipe.data.test)
    assert held_out is not None
    found, seen = accuracies(run, known, held_out), extract_view_features(run.path, P=P, K=2)
    local = local_projectors(load_model(run.path).projector, seen.h)
    delta = displacements(seen.h, nearest_negatives(seen.z))
    return found.linear, found.knn, local.unexplained, local.rank, effective_rank(delta)


def _claims(scale: Scale, names: list[str], found: np.ndarray) -> tuple[Claim, ...]:
    linear, deepest = found[0], found[-1]

    def compared(measure: int) -> str:
        return ", ".join(f"{name} {found[i, :, measure].mean():.3g}" for i, name in enumerate(names))

    smoke = scale == "smoke"
    return (
        claim(
            "deep and wide helps",
            "Deeper and wider projectors improve the encoder's accuracy.",
            f"accuracy of a linear probe, mean over seeds: {compared(0)}; {names[-1]} minus linear by seed: "
            f"{(deepest - linear)[:, 0].min():+.3f} to {(deepest - linear)[:, 0].max():+.3f}",
            only_if_long_run((deepest[:, 0] > linear[:, 0]).all(), scale),
        ),
        claim(
            "wider explains more",
            "The wider the projector, the more of each sample's displacement its local map explains.",
            f"share of displacements unexplained: {compared(2)}",
            _by_every_seed(-_gains(scale, found[..., 2], _is_wider)),
        ),
        claim(
            "deeper explains more",
            "The deeper the projector, the more of each sample's displacement its local map explains.",
            f"share of displacements unexplained: {compared(2)}",
            None if smoke else _by_every_seed(-_gains(scale, found[..., 2], _is_deeper)),
        ),
        claim(
            "linear subspace",
            "A linear projector, unlike a nonlinear one, forces the encoder to put displacements into a linear "
            "subspace.",
            f"effective rank of displacements: {compared(4)}",
            None if smoke else _by_every_seed(found[1:, :, 4] - linear[:, 4]),
        ),
    )


def _gains(
    scale: Scale, values: Float[np.ndarray, "projectors seeds"], follows: Callable[[Hidden, Hidden], bool]
) -> Float[np.ndarray, "pairs seeds"]:
    """The difference in a value between each projector and each one that it follows."""
    pairs = permutations(zip(HIDDEN[scale], values, strict=True), 2)
    return np.array([after - before for (one, before), (other, after) in pairs if follows(one, other)])


def _is_wider(one: Hidden, other: Hidden) -> bool:
    return 0 < len(one) == len(other) and max(one) < min(other)


def _is_deeper(one: Hidden, other: Hidden) -> bool:
    return 0 < len(one) < len(other) and {*one} == {*other}


def _by_every_seed(gains: Float[np.ndarray, "pairs seeds"]) -> bool | None:
    """True if all pairs gain in all seeds, False if some pair gains in no seed; None if seeds disagree."""
    return True if (gains > 0).all() else False if (gains <= 0).all(1).any() else None
