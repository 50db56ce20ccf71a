"""The origin of a ResNet's last layer, by the strength of pixel noise."""

import numpy as np
from matplotlib.figure import Figure

from eigenview.config import ObjectiveRecipe, OptimizerRecipe, Recipe
from eigenview.papers.claims import Claim, claim
from eigenview.papers.experiment import Scale
from eigenview.papers.landscape.last_layers import LastLayer, extract_last_layer
from eigenview.papers.outcome import Outcome
from eigenview.papers.run_cache import RunCache
from eigenview.papers.scales import SIZES, image_recipe
from eigenview.plotting.style import BLUE, GREEN, INK, ORANGE, PURPLE, SKY, VERMILLION, style
from eigenview.views import ViewPolicy

NOISES: dict[Scale, tuple[float, ...]] = {
    "smoke": (0.1, 10.0),
    "cpu": (0.1, 1.0, 2.0, 3.0, 30.0),
    "gpu": (0.1, 1.0, 2.0, 4.0, 8.0, 32.0),
}
TEMPERATURE, DECAY = 0.5, 1e-3
COLOURS = BLUE, GREEN, ORANGE, VERMILLION, PURPLE, SKY


def run(scale: Scale, runs: RunCache) -> Outcome:
    """Fig. 1: the loss over a rescaled last layer, for pixel noise of rising strength."""
    noises, steps = NOISES[scale], {"smoke": 8, "cpu": 400, "gpu": 80_000}[scale]
    batches, grid, P, K = (2, 5, 500, 2) if scale == "smoke" else (4, 11, 8000, 10)
    trained = runs([_recipe(scale, noise, steps) for noise in noises])
    layers = {
        noise: extract_last_layer(each, batches, DECAY / 2, P, K) for noise, each in zip(noises, trained, strict=True)
    }
    a, r = np.linspace(-1.5, 1.5, 61), np.linspace(-1.5, 1.5, grid)
    lines = {noise: layer.along(a) for noise, layer in layers.items()}
    with style():
        figure = Figure(figsize=(6.6, 5.2))
        panels = figure.subplot_mosaic("AAA;BCD" if len(layers) > 2 else "AA;BC")
        for i, (noise, losses) in enumerate(lines.items()):
            colour = COLOURS[i]
            panels["A"].plot(a, losses, color=colour, label=f"σ = {noise:g}")
            panels["A"].plot(a, layers[noise].expected(a), color=colour, linestyle=":", linewidth=1.2)
        lowest = min(float(losses.min()) for losses in lines.values())
        panels["A"].set(xlabel="a, where W is multiplied by it", ylabel="loss over that at 0", ylim=(1.2 * lowest, 1))
        panels["A"].legend(loc="center left", bbox_to_anchor=(1, 0.5))
        for i, noise in enumerate(_three(layers)):
            axes, over = panels["BCD"[i]], layers[noise].over(r)
            axes.contourf(r, r, over.T, np.linspace(-1, 1, 21) * np.abs(over).max(), cmap="RdBu_r")
            axes.contour(r, r, over.T, [0.0], colors=INK, linewidths=1.2)
            axes.set(xlabel="r1 (larger half)", ylabel="r2 (smaller half)", title=f"σ = {noise:g}", aspect="equal")
    rows = [
        (noise, *layer.curvature(layer.W), *layer.curvature_of_halves, *layer.curvature_of_best_mode)
        for noise, layer in layers.items()
    ]
    names = (
        "σ",
        "along W",
        "its error",
        "along the larger half",
        "its error ",
        "along the smaller half",
        "its error  ",
    )
    names = (*names, "along the best mode", "its error   ")
    caption = (
        f"{SIZES[scale].description[0].upper()}{SIZES[scale].description[1:]}, views with Gaussian pixel noise σ, "
        f"clipped to the range from black to white, SimCLR on normalised embeddings (τ = {TEMPERATURE:g}), Adam with "
        f"weight decay {DECAY:g}, D = 128, {steps:,} steps{' at 16 × 16 pixels' if scale == 'cpu' else ''}. Plotted "
        "is the loss without normalisation, which compares embeddings by −½ their squared distance, plus the term "
        "of weight decay: the loss of normalised embeddings has no value at the origin. Centred embeddings have "
        "unit mean square at a = 1. Dotted: to fourth order. Bottom: blue is lower than the origin."
    )
    table = dict(zip(names, zip(*rows, strict=True), strict=True))
    return Outcome(figure, caption, {**table}, _claims(scale, layers, lines, a))


def _recipe(scale: Scale, noise: float, steps: int) -> Recipe:
    objective = ObjectiveRecipe("SimCLR", {"temperature": TEMPERATURE})
    optimizer = OptimizerRecipe("adam", lr=1e-3, weight_decay=DECAY)
    # Half the side, at which noise is stronger and a step takes a third of the time.
    side = 16 if scale == "cpu" else None
    return image_recipe(scale, objective, ViewPolicy(noise=noise), optimizer=optimizer, steps=steps, side=side)


def _three(layers: dict[float, LastLayer]) -> tuple[float, ...]:
    """The weakest noise, one in between (with dimensional collapse, if any has it), and the strongest."""
    first, *between, last = layers
    collapsed = [noise for noise in between if _halved(layers[noise], 2.0)]
    return (first, *(collapsed or between[len(between) // 2 :])[:1], last)


def _halved(layer: LastLayer, errors: float) -> bool:
    """Whether the loss falls along the larger half of W and rises along the smaller, by so many standard errors."""
    larger, of_larger, smaller, of_smaller = layer.curvature_of_halves
    return larger < -errors * of_larger and smaller > errors * of_smaller


def _claims(
    scale: Scale, layers: dict[float, LastLayer], lines: dict[float, np.ndarray], a: np.ndarray
) -> tuple[Claim, ...]:
    lowest = {noise: abs(float(a[losses.argmin()])) for noise, losses in lines.items()}
    (weak, first), *_, (strong, last) = layers.items()
    (falls, error), (rises, its_error), (best, of_best) = (
        first.curvature(first.W),
        last.curvature(last.W),
        last.curvature_of_best_mode,
    )
    halved = [_halved(layer, 2.0) for layer in layers.values()]
    perhaps = [_halved(layer, 0.0) for layer in layers.values()]
    stable = rises > 2 * its_error and best > -2 * of_best
    decided = stable or rises < -2 * its_error or best < -2 * of_best
    halves = "; ".join(
        "σ = {:g}: {:+.2g} ± {:.1g} and {:+.2g} ± {:.1g}".format(noise, *layer.curvature_of_halves)
        for noise, layer in layers.items()
    )
    change, jump = first.cosine_jump()
    smoke = scale == "smoke"
    return (
        claim(
            "saddle at weak noise",
            "With weak noise the origin of the last layer is not a minimum: the loss falls along the trained weight.",
            f"second order along the trained weight at σ = {weak:g}: {falls:+.2g} ± {error:.1g} (standard error)",
            falls < -2 * error,
        ),
        claim(
            "minimum at strong noise",
            "Along the last layer's trained weight the origin becomes the lowest point as the noise gets stronger.",
            "on a grid of 0.05, the loss is lowest at a = ±"
            + ", ±".join(f"{least:.2g} (σ = {noise:g})" for noise, least in lowest.items()),
            None if smoke else lowest[weak] > 0 == lowest[strong],
        ),
        claim(
            "stable at strong noise",
            "With strong noise the loss falls from the last layer's origin in no direction, as weight decay "
            "outweighs the remaining signal.",
            f"second order at σ = {strong:g}: {rises:+.2g} ± {its_error:.1g} along the trained weight, {best:+.2g} ± "
            f"{of_best:.1g} along the mode that grows most; a verdict takes two standard errors",
            None if smoke or not decided else stable,
        ),
        claim(
            "dimensional collapse",
            "With intermediate noise the loss falls from the last layer's origin along the larger half of W's "
            "singular values and rises along the smaller half.",
            f"second order along the larger and the smaller half: {halves}",
            None if smoke or any(perhaps) > any(halved) else any(halved),
        ),
        claim(
            "no value at the origin",
            "The loss of normalised embeddings, which is the one that is trained, has no value at the origin (ours).",
            f"the loss changes by at most {change:.1g} from a = 0.01 to a = 1, but by {jump:.2g} from a = 0 to a = 1",
            change < 1e-6 < jump,
        ),
    )
