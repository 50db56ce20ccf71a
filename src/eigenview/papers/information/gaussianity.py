"""The noise up to which the features around an image are normal."""

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from eigenview.data import batches_of, open_images
from eigenview.measures import gaussianity
from eigenview.nets import Encoder
from eigenview.papers.claims import claim
from eigenview.papers.experiment import Scale
from eigenview.papers.information.runs import describe_setting, objective_recipe, untrained_encoder
from eigenview.papers.outcome import Outcome
from eigenview.papers.rank_correlation import rank_correlation
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.axes import plain_log_ticks
from eigenview.plotting.style import BLUE, FAINT, INK, style
from eigenview.runs import load
from eigenview.theory.information import local_gaussians

NOISES = np.geomspace(1e-4, 1.0, 13)
OBJECTIVE = "VICReg"


def run(scale: Scale, runs: RunCache) -> Outcome:
    """D'Agostino and Pearson's test of features of an image with noise, and their variance beside the local map's."""
    copies, images, every = (60, 8, 3) if scale == "smoke" else (256, 48, 1)
    noises = NOISES[::every]
    recipe = objective_recipe(scale, OBJECTIVE, 0)
    (trained,) = runs([recipe])
    data, size = trained.recipe.data, trained.recipe.data.size
    known = open_images(data.train)
    pixels = torch.cat([part for _, part in batches_of(known, size, images, np.arange(images))]) / 255
    nets = {"trained": load(trained.path), "untrained": untrained_encoder(trained.recipe, known)}
    found = {name: [_test_features(net, pixels, float(s), copies) for s in noises] for name, net in nets.items()}
    p, share, ratio = ({name: np.array([row[i] for row in rows]) for name, rows in found.items()} for i in range(3))
    with style():
        figure = Figure(figsize=(6.6, 2.9))
        left, right = figure.subplots(1, 2)
        for (name, colour), marker in zip({"trained": BLUE, "untrained": FAINT}.items(), "os", strict=True):
            left.plot(noises, p[name], f"{marker}-", color=colour, label=name)
            right.plot(noises, ratio[name], f"{marker}-", color=colour, label=name)
        left.axhline(0.5, color=INK, linestyle="--", linewidth=1, label="normal")
        right.axhline(1, color=INK, linestyle="--", linewidth=1, label="local map")
        left.set(ylabel="mean p-value", ylim=(0, 0.6))
        right.set(ylabel="variance over s² Tr JJᵀ", yscale="log")
        plain_log_ticks(right.yaxis)
        for axes in (left, right):
            axes.set(xscale="log", xlabel="noise s on pixels (of black to white)")
            plain_log_ticks(axes.xaxis)
            axes.legend()
    first, last = p["trained"][0], p["trained"][-1]
    exact = np.abs(ratio["trained"] - 1) < 0.1
    until = float(noises[exact][-1]) if exact.any() else 0.0
    claims = (
        claim(
            "normal at small noise",
            "For small noise the features around an image are normally distributed.",
            f"mean p-value {first:.3f} at s = {noises[0]:g} (normal: 0.5), {share['trained'][0]:.1%} of tests above "
            "0.05 (normal: 95%)",
            bool(first > 0.4 and share["trained"][0] > 0.85),
        ),
        claim(
            "less normal with noise",
            "The larger the noise, the farther from normal are the features around an image.",
            f"mean p-value {last:.3f} at s = {noises[-1]:g}; its rank correlation with s is "
            f"{rank_correlation(noises, p['trained'])}",
            bool(last < first / 2),
        ),
        claim(
            "covariance of local map",
            "For small noise the features around an image have the covariance that the net's local affine map gives "
            "them.",
            f"the total variance is {ratio['trained'][0]:.3f} times that by the Jacobian at s = {noises[0]:g}, "
            f"within 10% of it up to s = {until:.2g}, and {ratio['trained'][-1]:.2g} times it at s = {noises[-1]:g}",
            bool(abs(ratio["trained"][0] - 1) < 0.1),
        ),
    )
    names = "trained", "untrained"
    table = {"s": noises, **{f"p, {name}": p[name] for name in names}}
    table |= {f"share, {name}": share[name] for name in names} | {f"variance, {name}": ratio[name] for name in names}
    caption = (
        f"{describe_setting(scale)}, trained by {OBJECTIVE}; features of {copies} copies of each of {images} images "
        "with normal noise of standard deviation s on each pixel, not clipped. Left: mean p-value of a test of "
        "normality for each image and feature. Right: the features' variance over the variance of the noise after "
        "the net's Jacobian at the image."
    )
    return Outcome(figure, caption, table, claims)


@torch.no_grad()
def _test_features(net: Encoder, images: Tensor, noise: float, copies: int) -> tuple[float, float, float]:
    """Mean p-value, share of tests that do not reject normality, and variance over that of the local map."""
    generator = torch.Generator().manual_seed(0)
    outputs = [net(images + noise * torch.randn(images.shape, generator=generator)) for _ in range(copies)]
    features = torch.stack(outputs).double()
    tests = gaussianity(features)
    expected = local_gaussians(net, images, noise**2).covariances.trace(axis1=1, axis2=2).sum()
    return tests.p, tests.share, float(features.var(0).sum()) / float(expected)
