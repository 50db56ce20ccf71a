"""Manifold capacity (how many samples, each a cloud of views, a hyperplane can separate), and manifold geometry."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.optimize import nnls
from torch import Tensor

from eigenview.linalg import view_blocks
from eigenview.measures.spec import measure


@dataclass(frozen=True)
class ManifoldGeometry:
    """Mean over samples of their clouds' anchor radius and anchor dimension.

    Args:
        radius: in units of a cloud's distance from the origin.
        dimension: at most the views less one.
    """

    radius: float
    dimension: float


@measure(
    needs="views",
    direction="high",
    meaning="separable manifolds (the views of a sample) per dimension; 2 for points",
    max_rows=16,
    group="geometry",
)
def manifold_capacity(views: Float[Tensor, "K P D"], draws: int = 100, seed: int = 0) -> float:
    """Samples per dimension that a hyperplane through the origin separates, each with all its views, for random labels.

    α, with 1/α = (1/P)·E ‖projection of T onto the cone of all y_i·view‖² over T ~ N(0, I) and signs y. P/α is the
    cone's statistical dimension: in so many dimensions, drawn at random, half of the dichotomies are separable. High is
    good: clouds that are small for their distance from the origin. Points in general position give 2 (Cover), as do
    samples whose views are all the same; clouds that span K dimensions to both sides of the origin give 1/K.

    Never below P/D, which is all that is seen where P/α is nearly D: take fewer samples. Compare at equal P and K.

    Its relative standard error is 2√(α/(P·draws)) or somewhat less.

    Costs a draw one non-negative least squares of min(D, KP) equations in KP unknowns: milliseconds at KP = 500, a
    minute at KP = 10,000.

    Args:
        views: of P samples, uncentred; K may be 1.
        draws: number of random T and y.
        seed: random seed of the draws.

    Raises:
        ValueError: views are not finite, are empty, or are all zeros; draws is below 1.

    Source: Chung, Lee & Sompolinsky 2018, Eq. 16 for one cloud; Chou et al. 2025 (GLUE) for all together.
    """
    x = _checked(views, 1, draws).transpose(1, 0, 2)
    P, K, D = x.shape
    if not x.any():
        raise ValueError("views that are all zeros cannot be separated by a hyperplane")
    columns = _triangle(x.reshape(P * K, D).T)
    generator = np.random.default_rng(seed)
    squares = []
    for _ in range(draws):
        cone = columns * np.repeat(generator.choice([-1.0, 1.0], P), K)
        weights, _ = nnls(cone, generator.standard_normal(len(cone)))
        squares.append(np.square(cone @ weights).sum())
    return float(P / np.mean(squares))


def manifold_geometry(views: Float[Tensor, "K P D"], draws: int = 100, seed: int = 0) -> ManifoldGeometry:
    """Radius and dimension of the samples' clouds of views, as a hyperplane that separates them meets them.

    A cloud is centred, and scaled by its centre's distance from the origin. For a random direction T = (t, t₀), its
    anchor s is the point of the cloud's convex hull that bears on the hyperplane: the projection of T onto the cone of
    all (s, 1) is a multiple of (s, 1), and where it is zero, s is the view farthest along t. Radius √E‖s‖², dimension
    E(t·s/‖s‖)², by cloud; then the mean over samples. Small is good: capacity falls with both.

    Both are 0 or more, and 0 for views that are all the same. Two views have dimension 1; K views have K − 1 at most.

    Costs P·draws non-negative least squares of K unknowns, tens of microseconds each.

    Args:
        views: of P samples, uncentred; K at least 2.
        draws: number of random T for each sample.
        seed: random seed of the draws.

    Raises:
        ValueError: views are not finite, or fewer than two; the centre of a cloud is the origin; draws is below 1.

    Source: Chung, Lee & Sompolinsky 2018, Eqs. 28 and 29.
    """
    x = _checked(views, 2, draws)
    generator = np.random.default_rng(seed)
    found = [_anchors(cloud, generator, draws) for cloud in x.transpose(1, 0, 2)]
    return ManifoldGeometry(*(float(mean) for mean in np.mean(found, 0)))


def _anchors(cloud: np.ndarray, generator: np.random.Generator, draws: int) -> tuple[float, float]:
    """Anchor radius and dimension of one cloud [K, D]."""
    centre = cloud.mean(0)
    far = np.linalg.norm(centre)
    if far <= 1e-12 * np.abs(cloud).max():
        raise ValueError("the mean of a sample's views is the origin, so their radius relative to it is infinite")
    columns = _triangle((cloud - centre).T / far)[: len(cloud) - 1]
    if np.abs(columns).max() < 1e-12:
        return 0.0, 0.0
    cone = np.vstack([columns, np.ones(len(cloud))])
    squares, along = [], []
    for _ in range(draws):
        target = generator.standard_normal(len(cone))
        weights, _ = nnls(cone, target)
        if not weights.any():
            weights[(target[:-1] @ columns).argmax()] = 1
        anchor = columns @ weights / weights.sum()
        squares.append(anchor @ anchor)
        along.append((target[:-1] @ anchor) ** 2 / squares[-1] if squares[-1] else 0.0)
    return float(np.sqrt(np.mean(squares))), float(np.mean(along))


def _triangle(columns: np.ndarray) -> np.ndarray:
    """R of the QR decomposition with a positive diagonal: the same columns in coordinates that no rotation changes.

    So the same draws meet the same cloud, however it is rotated, and there are no more rows than columns.
    """
    triangle = np.linalg.qr(columns).R
    return triangle * np.where(triangle.diagonal() < 0, -1.0, 1.0)[:, None]


def _checked(views: Tensor, least: int, draws: int) -> np.ndarray:
    if draws < 1:
        raise ValueError(f"draws must be at least 1, not {draws}")
    if views.shape[0] < least or not views.numel():
        raise ValueError(f"manifolds need [K, P, D] with at least {least} views of each sample, not {[*views.shape]}")
    return np.concatenate([block.cpu().numpy() for block in view_blocks(views, "views")], 1)
