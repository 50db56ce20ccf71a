"""The rank of the covariance of a rotated image."""

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.figure import Figure
from scipy.ndimage import rotate

from eigenview.papers.claims import claim
from eigenview.papers.experiment import Scale
from eigenview.papers.outcome import Outcome
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.style import BLUE, INK, VERMILLION, style

SIDE, IMAGES = 32, 500


def run(scale: Scale, runs: RunCache) -> Outcome:
    """Fig. 10: rank of the covariance of rotated one-hot images, over the range of angles."""
    seeds = 3 if scale == "smoke" else 5
    ranges = np.array((10, 45, 180) if scale == "smoke" else (5, 15, 30, 45, 60, 90, 120, 150, 180, 225, 270, 315, 360))
    rows = []
    for seed in range(seeds):
        generator = np.random.default_rng(seed)
        position, shares = generator.integers(SIDE, size=2), generator.uniform(size=IMAGES)
        for degrees in ranges:
            images = _rotated(position, degrees * shares)
            cells = int(_passed(position, float(degrees)).sum())
            rank = int(np.linalg.matrix_rank(images - images.mean(0)))
            rows.append((seed, int(degrees), rank, cells, rank / cells))
    ranks, cells = (np.array([row[i] for row in rows]).reshape(seeds, -1) for i in (2, 3))
    short, falls = float((1 - ranks / cells).max()), int((np.diff(ranks) < 0).any(1).sum())
    with style():
        figure = Figure(figsize=(6.6, 2.8))
        left, right = figure.subplots(1, 2)
        left.errorbar(ranges, ranks.mean(0), ranks.std(0), fmt="o", color=BLUE, label="rank of the covariance")
        left.plot(ranges, cells.mean(0), color=VERMILLION, label="cells that the pixel passes")
        left.set(
            xlabel="end of the range of angles (degrees)",
            ylabel="rank",
            ylim=(0, 1.35 * (ranks.mean(0) + ranks.std(0))[-1]),
        )
        left.legend(loc="upper left")
        right.plot([0, cells.max()], [0, cells.max()], color=INK, linewidth=1, linestyle="--", label="equal")
        right.plot(cells.ravel(), ranks.ravel(), "o", color=BLUE, alpha=0.7, label="each position and range")
        right.set(xlabel="cells that the pixel passes", ylabel="rank")
        right.legend(loc="upper left")
    claims = (
        claim(
            "rank grows with range",
            "The larger the range of angles, the higher the rank of the rotated images' covariance.",
            f"mean rank {ranks[:, 0].mean():.1f} for angles up to {ranges[0]}°, {ranks[:, -1].mean():.1f} up to "
            f"{ranges[-1]}°; the rank falls from one range to the next for {falls} of {seeds} positions",
            bool((np.diff(ranks.mean(0)) > 0).all()) and not falls,
        ),
        claim(
            "invariant map",
            "The larger the range of angles, the lower the rank of a linear map that is invariant to the rotations.",
            f"of {SIDE**2} dimensions {SIDE**2 - ranks[:, 0].mean():.1f} are left for angles up to {ranges[0]}°, "
            f"{SIDE**2 - ranks[:, -1].mean():.1f} up to {ranges[-1]}°",
            bool(ranks[:, -1].mean() > ranks[:, 0].mean()),
        ),
        claim(
            "cells passed",
            "The rank of the rotated images' covariance is at most, and nearly, the number of cells that the pixel "
            "passes on its arc (ours).",
            f"the rank is {1 - ranks.mean() / cells.mean():.1%} below on average over {len(rows)} positions and "
            f"ranges, {short:.1%} at most: few of the {IMAGES} angles touch a cell that is passed at its edge",
            bool((ranks <= cells).all() and ranks.mean() > 0.95 * cells.mean()),
        ),
    )
    caption = (
        f"A {SIDE} × {SIDE} image with one pixel at 1, rotated about its centre {IMAGES} times (bilinear, "
        "scipy.ndimage.rotate), by angles sampled uniformly from 0 to the end of the range; mean and standard "
        f"deviation over {seeds} random positions of the pixel. Line: the number of cells that come within one cell "
        "of the rotated pixel along both of its axes."
    )
    names = ("seed", "degrees", "rank", "cells", "rank over cells")
    table = dict(zip(names, zip(*rows, strict=True), strict=True))
    return Outcome(figure, caption, {**table}, claims, tuple(range(seeds)))


def _rotated(position: np.ndarray, angles: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n cells"]:
    """Rotated images of one pixel at a position, without the cells that are 0 in all of them; angles in degrees."""
    image = np.zeros((SIDE, SIDE))
    image[tuple(position)] = 1
    images = np.stack([rotate(image, angle, reshape=False, order=1).ravel() for angle in angles])
    return images[:, images.any(0)]


def _passed(position: np.ndarray, degrees: float) -> Bool[np.ndarray, "cells"]:
    """The cells that the pixel touches at some angle of the range."""
    middle, cells = (SIDE - 1) / 2, np.indices((SIDE, SIDE)).reshape(2, -1)
    passed = np.zeros(SIDE**2, bool)
    for angle in np.deg2rad(np.linspace(0, degrees, 2000)):
        # Rotating back gives where in the unrotated image a cell's centre comes from.
        back = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        source = (back @ (cells - middle)).T + middle
        passed |= (np.abs(source - position) < 1).all(1)
    return passed
