"""The runs that most experiments share: views of three strengths, and snapshots of the nets over training."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64
from matplotlib.axes import Axes
from torch import Tensor

from eigenview.config import ObjectiveRecipe, OptimizerRecipe, ProjectorRecipe, Recipe
from eigenview.data import Images, channel_statistics, iterate_views, open_images
from eigenview.nets import Model, default_device
from eigenview.papers.experiment import Scale
from eigenview.papers.run_cache import RunCache
from eigenview.papers.scales import SIZES, image_recipe
from eigenview.plotting.style import BLUE, GREEN, VERMILLION
from eigenview.runs import Run, list_checkpoints, load_model
from eigenview.training.learner import Learner

COLOURS = {"small": GREEN, "moderate": BLUE, "large": VERMILLION}
"""Colours of the paper's three view policies, weakest first."""
BETA = 2.0


@dataclass(frozen=True)
class Setting:
    """The setting of a scale.

    Args:
        seeds: random seeds, one for each repetition with each policy.
        steps: number of updates.
        checkpoints: number of checkpoints, each of which gives a snapshot.
        lr: learning rate of LARS; the paper's is 4.
        D: dimensions of the embeddings, a quarter of the features as in the paper.
        P: batch size.
        samples: number of samples in a snapshot.
        data: name of the images in `$EIGENVIEW_DATA`.
    """

    seeds: tuple[int, ...]
    steps: int
    checkpoints: int
    lr: float
    D: int
    P: int
    samples: int
    data: str = "cifar10"


SETTINGS: dict[Scale, Setting] = {
    "smoke": Setting((0,), 48, 3, 16.0, 16, 64, 256),
    "cpu": Setting((0, 1, 2), 800, 8, 16.0, 16, 128, 512),
    "gpu": Setting((0, 1, 2, 3, 4), 195_000, 25, 4.0, 128, 128, 2048, "cifar100"),
}
"""The paper trains for 500 epochs of CIFAR-100, and gives its batch size for one figure alone.

Short training needs a larger rate: at the paper's, 800 steps hardly change the projector's singular values.
"""


@dataclass(frozen=True)
class Snapshot:
    """Features and embeddings of fixed views at one step of training.

    Args:
        step: number of updates so far; 0 is before training.
        h: features, in training mode: batch norm sees all of these views together.
        z: embeddings of the features.
        W: the projector's weight, z = h Wᵀ.
        labels: labels of the samples.
    """

    step: int
    h: Float[Tensor, "2 P d"]
    z: Float[Tensor, "2 P D"]
    W: Float[Tensor, "D d"]
    labels: Int64[Tensor, "P"]


def train_runs(scale: Scale, runs: RunCache) -> dict[tuple[str, int], Run]:
    """The runs of a scale, by policy and seed."""
    recipes = {(policy, seed): _recipe(scale, policy, seed) for policy in COLOURS for seed in SETTINGS[scale].seeds}
    return dict(zip(recipes, runs([*recipes.values()]), strict=True))


def _recipe(scale: Scale, policy: str, seed: int) -> Recipe:
    s = SETTINGS[scale]
    return image_recipe(
        scale,
        ObjectiveRecipe("DecoupledInfoNCE", {"temperature": 1 / BETA}),
        policy,
        data=s.data,
        P=s.P,
        projector=ProjectorRecipe(s.D, hidden=()),
        optimizer=OptimizerRecipe("lars", lr=s.lr, momentum=0.9, weight_decay=1e-6),
        steps=s.steps,
        checkpoints=s.checkpoints,
        seed=seed,
        side=16 if scale == "cpu" else None,
    )


def describe_setting(scale: Scale) -> str:
    """The net, the images and the training in words, for a caption."""
    s = SETTINGS[scale]
    net = {
        "smoke": f"{SIZES['smoke'].description}, 64 features",
        "cpu": f"{SIZES['cpu'].description}, 64 features, on CIFAR-10 at 16 × 16 pixels",
        "gpu": "a ResNet-18, 512 features, on CIFAR-100",
    }[scale]
    spread = f"mean and standard deviation of {len(s.seeds)} seeds" if len(s.seeds) > 1 else "one seed"
    paper = (
        "" if scale == "gpu" else " (the paper: 512 features, D = 128, 500 epochs of CIFAR-100, a learning rate of 4)"
    )
    return (
        f"{net[0].upper()}{net[1:]}, with a linear projector to D = {s.D}; {s.steps:,} steps of LARS at P = {s.P} and "
        f"a learning rate of {s.lr:g}{paper}; {spread}"
    )


def snapshots(run: Run, images: Images, samples: int) -> Iterator[Snapshot]:
    """Snapshots on fixed views of training images, before training and at each checkpoint.

    Args:
        run: a run with a linear projector.
        images: the labelled images that it was trained on.
        samples: number of images to use, at most all.
    """
    recipe = run.recipe
    assert images.labels is not None
    assert recipe.data.size is not None
    chosen = np.sort(np.random.default_rng(0).permutation(len(images))[:samples])
    batches = iterate_views(images, chosen, [recipe.views.policy], 2, recipe.data.size, 0, recipe.data.workers)
    views = torch.cat([part for _, part in batches], dim=1)
    labels = torch.from_numpy(images.labels[chosen])
    device = default_device()
    for step, model in _models(run, images):
        with torch.no_grad():
            h, z = model.to(device).train()(views.to(device))
        W = model.get_parameter("projector.0.weight").detach()
        yield Snapshot(step, h.float().cpu(), z.float().cpu(), W.cpu(), labels)


def _models(run: Run, images: Images) -> Iterator[tuple[int, Model]]:
    """The run's models by step, beginning with the initial weights."""
    with torch.random.fork_rng():
        learner = Learner(run.recipe, channel_statistics(images), run.recipe.training.steps)
    yield 0, learner.model
    for checkpoint in list_checkpoints(run.checkpoints):
        yield int(checkpoint.name.split("-")[-1]), load_model(run.path, checkpoint)


def over_training(
    scale: Scale, runs: RunCache, measure: Callable[[Snapshot], Sequence[float]]
) -> tuple[Int64[np.ndarray, "T"], Float[np.ndarray, "policies seeds T m"]]:
    """The steps of the snapshots, and a measure of each by policy, weakest first, and seed."""
    trained, found, steps = [*train_runs(scale, runs).values()], [], []
    images = open_images(trained[0].recipe.data.train)
    for run in trained:
        measured = [(snapshot.step, measure(snapshot)) for snapshot in snapshots(run, images, SETTINGS[scale].samples)]
        steps = [step for step, _ in measured]
        found.append([values for _, values in measured])
    shape = len(COLOURS), len(SETTINGS[scale].seeds), len(steps), -1
    return np.array(steps), np.array(found, dtype=float).reshape(shape)


def plot_by_policy(
    axes: Axes, steps: Int64[np.ndarray, "T"], values: Float[np.ndarray, "policies seeds T"], label: str
) -> None:
    """Plots the mean over seeds for each policy, within a band of one standard deviation."""
    for (policy, colour), each in zip(COLOURS.items(), values, strict=True):
        mean, spread = each.mean(0), each.std(0)
        axes.plot(steps, mean, "o-", color=colour, label=policy)
        axes.fill_between(steps, mean - spread, mean + spread, color=colour, alpha=0.2, linewidth=0)
    axes.set(xlabel="training step", ylabel=label)


def table_columns(
    scale: Scale, steps: Int64[np.ndarray, "T"], values: Float[np.ndarray, "policies seeds T m"], *names: str
) -> dict[str, list]:
    """A table with a row for each policy, seed and step, and a column for each named measure."""
    rows = [
        (policy, seed, int(step), *map(float, values[i, j, t]))
        for i, policy in enumerate(COLOURS)
        for j, seed in enumerate(SETTINGS[scale].seeds)
        for t, step in enumerate(steps)
    ]
    return dict(zip(("views", "seed", "step", *names), map(list, zip(*rows, strict=True)), strict=True))


def by_policy(values: Float[np.ndarray, "policies seeds"], digits: int = 2) -> str:
    """Means over seeds in words, with standard deviations if there are several seeds."""
    spread = values.shape[1] > 1
    numbers = (f"{each.mean():.{digits}f}" + (f" ± {each.std():.{digits}f}" if spread else "") for each in values)
    return ", ".join(f"{policy} {words}" for policy, words in zip(COLOURS, numbers, strict=True))
