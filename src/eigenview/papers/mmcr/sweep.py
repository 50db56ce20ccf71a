"""The runs of Figs. 3 and 4: MMCR at several numbers of samples P, dimensions D and views K."""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from jaxtyping import Float, Int

from eigenview.config import ObjectiveRecipe, ProjectorRecipe, Recipe
from eigenview.papers.experiment import Scale
from eigenview.papers.run_cache import RunCache
from eigenview.papers.scales import SIZES, image_recipe
from eigenview.runs import Run
from eigenview.theory.capacity import percent_error

LAST = 5  # measured batches that make up the end of training


@dataclass(frozen=True)
class Shape:
    """The shape of a batch of embeddings: P samples, D dimensions, K views."""

    P: int
    D: int
    K: int


@dataclass(frozen=True)
class Cell:
    """The result of training at one shape.

    Args:
        shape: the shape of its batches.
        run: the run.
        steps: the steps at which it was measured.
        errors: percent errors of the training batches at these steps.
        agreement: mean cosine of two views of a sample at the end of training.
    """

    shape: Shape
    run: Run
    steps: Int[np.ndarray, "T"]
    errors: Float[np.ndarray, "T"]
    agreement: float

    @property
    def error(self) -> float:
        """The percent error at the end of training."""
        return float(self.errors[-LAST:].mean())

    @property
    def spread(self) -> float:
        """The standard deviation of the percent error over the last batches."""
        return float(self.errors[-LAST:].std(ddof=1))


@dataclass(frozen=True)
class Grid:
    """The grid of shapes of a scale.

    Args:
        P: batch sizes.
        D: embedding dimensions.
        K: numbers of views.
        steps: number of updates, the same at all shapes.
        every: steps between measurements.
        side: view size in pixels; None is that of the scale.
        data: name of the images.
        hidden: width of the projector's hidden layer, wider than the encoder so that it does not limit the rank of D.
        policy: name of the view policy; the paper names none.
    """

    P: tuple[int, ...]
    D: tuple[int, ...]
    K: tuple[int, ...]
    steps: int
    every: int
    side: int | None
    data: str
    hidden: int = 512
    policy: str = "moderate"


_PAPER = (64, 128, 256, 512, 1024)
GRIDS: dict[Scale, Grid] = {
    "smoke": Grid((8, 24, 72), (24,), (2,), 40, 2, None, "digits", hidden=128, policy="small"),
    "cpu": Grid((32, 64, 128, 256), (32, 64, 128, 256), (2, 4), 300, 10, 16, "cifar10"),
    "gpu": Grid(_PAPER, _PAPER, (2, 4, 8), 20_000, 100, 64, "stl10_subset", hidden=2048, policy="large"),
}


def train_cells(scale: Scale, runs: RunCache) -> list[Cell]:
    """A run at each shape of the scale's grid."""
    grid = GRIDS[scale]
    shapes = [Shape(*each) for each in product(grid.P, grid.D, grid.K)]
    # The longest first, so that no process is left alone with a long run at the end.
    order = sorted(shapes, key=lambda shape: -shape.P * shape.K)
    trained = dict(zip(order, runs([_recipe(scale, grid, shape) for shape in order]), strict=True))
    return [_cell(shape, trained[shape]) for shape in shapes]


def describe_setting(scale: Scale) -> str:
    """The training and what was scaled down, in words for a caption."""
    grid = GRIDS[scale]
    if scale == "gpu":
        data = "STL-10's 5,000 training images, of which the paper has the 100,000 without labels"
        return f"A ResNet-18 on {data}, {grid.steps:,} steps of Adam at 1e-3."
    views = f"views of {grid.side} pixels, " if grid.side else ""
    on = " on 10,000 CIFAR-10 images" if scale == "cpu" else ""
    return (
        f"Scaled down to {SIZES[scale].description}{on}, {views}the policy '{grid.policy}', {grid.steps} steps of Adam "
        f"(1e-3) at every shape, a projector with {grid.hidden} hidden units and batch norm."
    )


def _recipe(scale: Scale, grid: Grid, shape: Shape) -> Recipe:
    projector = ProjectorRecipe(shape.D, hidden=(grid.hidden,))
    recipe = image_recipe(
        scale,
        ObjectiveRecipe("MMCR"),
        grid.policy,
        data=grid.data,
        P=shape.P,
        K=shape.K,
        projector=projector,
        steps=grid.steps,
        side=grid.side,
    )
    return replace(recipe, training=replace(recipe.training, measure_every=grid.every))


def _cell(shape: Shape, run: Run) -> Cell:
    steps, losses = run.history.curve("loss")
    errors = [percent_error(-loss, shape.P, shape.D) for loss in losses]
    newest = run.history.steps[-LAST:]
    agreement = np.mean(np.array([record.cosine["embeddings"].views for record in newest], float))
    return Cell(shape, run, np.array(steps), np.array(errors), float(agreement))
