"""The terms of a bound on a linear head's error, and the error."""

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.figure import Figure

from eigenview.config import Recipe
from eigenview.data import Images, iterate_views, open_dataset
from eigenview.papers.claims import claim
from eigenview.papers.experiment import Scale
from eigenview.papers.information.runs import OBJECTIVES, POLICY, SEEDS, describe_setting, train_runs
from eigenview.papers.outcome import Outcome
from eigenview.papers.rank_correlation import rank_correlation
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.style import BLUE, GREEN, INK, ORANGE, PURPLE, SKY, VERMILLION, style
from eigenview.runs import list_checkpoints, load_model
from eigenview.theory.information import label_generalization_terms
from eigenview.views import ViewPolicy

LABELLED, UNLABELLED = 500, 2000
COLOURS = BLUE, SKY, GREEN, PURPLE, VERMILLION, ORANGE, INK
NAMES = ("objective", "seed", "step", "invariance", "unlabelled", "labelled", "distance", "error")


def run(scale: Scale, runs: RunCache) -> Outcome:
    """Sec. 4: the three terms of the bound that can be computed, beside the test error of the head."""
    rows = [*_rows(scale, runs)]
    numbers = np.array([row[3:] for row in rows])
    total, (distance, error) = numbers[:, :3].sum(1), numbers[:, 3:].T
    with style():
        figure = Figure(figsize=(6.6, 3.0))
        left, right = figure.subplots(1, 2)
        for name, colour in zip(OBJECTIVES, COLOURS, strict=True):
            own = np.array([row[0] == name for row in rows])
            left.plot(total[own], distance[own], "o", color=colour, label=name)
            right.plot(numbers[own, 0], error[own], "o", color=colour)
        both = [float(distance.min()), float(distance.max())]
        left.plot(both, both, color=INK, linestyle="--", linewidth=1)
        left.set(xlabel="sum of the three terms", ylabel="E‖W f(x) − y‖ on test images")
        right.set(xlabel="invariance (needs no label)", ylabel="test error of the same head")
        figure.legend(*left.get_legend_handles_labels(), loc="outside upper left", ncols=4)
    ranks = {
        name: rank_correlation(values, target)
        for name, values, target in (
            ("sum", total, distance),
            ("invariance", numbers[:, 0], error),
            ("unlabelled", numbers[:, 1], error),
            ("labelled", numbers[:, 2], error),
        )
    }
    smoke = scale == "smoke"
    claims = (
        claim(
            "bounds the distance",
            "The sum of the bound's terms, without Q, which vanishes as n and m grow, is at least the distance of a "
            "linear head's outputs from the labels.",
            f"the sum is less than the distance for {int((total < distance).sum())} of {len(rows)} nets; it is "
            f"{(total / distance).min():.2f} to {(total / distance).max():.2f} times the distance",
            bool((total >= distance).all()),
        ),
        claim(
            "sum ranks nets",
            "The lower the sum of the bound's terms, the better the net generalises.",
            f"rank correlation of the sum with the distance {ranks['sum']}",
            None if smoke else bool(ranks["sum"].rho > 0 and ranks["sum"].p < 0.01),
        ),
        claim(
            "invariance ranks nets",
            "The lower the invariance term of the bound, which needs no labels, the better the net generalises.",
            f"rank correlation of the invariance term with the test error {ranks['invariance']}; of the unlabelled "
            f"images' term, which needs labels, {ranks['unlabelled']}; of the labelled images' term "
            f"{ranks['labelled']}",
            None if smoke else bool(ranks["invariance"].rho > 0 and ranks["invariance"].p < 0.01),
        ),
    )
    caption = (
        f"{describe_setting(scale)}; {len(rows)} nets: checkpoints of {len(SEEDS[scale])} runs of each objective. "
        f"The head is fitted by least squares to at most {LABELLED:,} labelled images, none of them among the "
        f"{UNLABELLED:,} without labels. The paper's own constants are unknown, so that this does not test its "
        "theorem; right of the dashed line the sum is above the distance."
    )
    table = dict(zip(NAMES, map(list, zip(*rows, strict=True)), strict=True))
    return Outcome(figure, caption, {**table}, claims, SEEDS[scale])


def _rows(scale: Scale, runs: RunCache) -> Iterator[tuple]:
    """The `NAMES` of each net."""
    trained = train_runs(scale, runs)
    recipe = next(iter(trained.values())).recipe
    known, held_out = open_dataset(recipe.data.train, recipe.data.test)
    assert known.labels is not None
    assert held_out is not None
    assert held_out.labels is not None
    order = np.random.default_rng(0).permutation(len(known))
    n = min(LABELLED, len(known) // 3)
    labelled, unlabelled = np.sort(order[:n]), np.sort(order[n : n + UNLABELLED])
    clean = ViewPolicy()
    labelled_images = _views(known, labelled, clean, 1, recipe)
    unlabeled_views = _views(known, unlabelled, POLICY, 2, recipe)
    test_images = _views(held_out, np.arange(len(held_out)), clean, 1, recipe)
    targets = np.eye(int(known.labels.max()) + 1)
    Y, Y_unlabelled, Y_test = (
        targets[known.labels[labelled]],
        targets[known.labels[unlabelled]],
        targets[held_out.labels],
    )
    for (objective, seed), each in trained.items():
        for checkpoint in list_checkpoints(each.checkpoints):
            encoder = load_model(each.path, checkpoint).encoder
            Z, Z_test = (_features(encoder, views)[0] for views in (labelled_images, test_images))
            terms = label_generalization_terms(Z, Y, _features(encoder, unlabeled_views), Y_unlabelled)
            assert terms.unlabeled is not None
            guessed = Z_test @ terms.W.T
            yield (
                objective,
                seed,
                int(checkpoint.name.split("-")[-1]),
                terms.invariance,
                terms.unlabeled,
                terms.labeled,
                float(np.linalg.norm(guessed - Y_test, axis=1).mean()),
                float((guessed.argmax(1) != held_out.labels).mean()),
            )


def _views(images: Images, chosen: np.ndarray, policy: ViewPolicy, K: int, recipe: Recipe) -> torch.Tensor:
    assert recipe.data.size is not None
    batches = iterate_views(images, chosen, [policy], K, recipe.data.size, 0, recipe.data.workers)
    return torch.cat([part for _, part in batches], dim=1)


@torch.no_grad()
def _features(encoder: torch.nn.Module, views: torch.Tensor) -> Float[np.ndarray, "K P d"]:
    """Features, with a constant 1 appended for the head's bias."""
    h = torch.cat([encoder(part) for part in views.flatten(0, 1).split(512)]).unflatten(0, views.shape[:2])
    return torch.cat([h, torch.ones_like(h[..., :1])], dim=-1).double().numpy()
