"""Features and embeddings of views of a run's images."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from rich.console import Console
from torch import Tensor

from eigenview._errors import UsageError
from eigenview._progress import track
from eigenview.data import Images, native_view_size, open_images
from eigenview.data.view_loader import iterate_views
from eigenview.nets import default_device
from eigenview.runs.load import load_model
from eigenview.runs.run import Run
from eigenview.views import ViewPolicy

FEWEST_VIEWS = 4


@dataclass(frozen=True)
class ViewFeatures:
    """Features h and embeddings z of the same views; the same tensor where the run has no projector."""

    h: Float[Tensor, "K P d"]
    z: Float[Tensor, "K P D"]


def extract_view_features(
    run: str | Path,
    P: int = 1000,
    K: int | None = None,
    policy: ViewPolicy | None = None,
    source: str | None = None,
    seed: int = 0,
    console: Console | None = None,
) -> ViewFeatures:
    """Features and embeddings of views of a run's training images, by its last checkpoint, in evaluation mode.

    Runs on the same images, at the same size and under the same policy see the same views for the same seed.

    Args:
        run: a run's directory.
        P: number of samples; all of them if there are fewer.
        K: views of each sample; by default as many as in training, at least 4.
        policy: how views are generated; by default the run's own policy.
        source: images; by default those that the run was trained on.
        seed: for sampling images and views.
        console: where to show progress.

    Raises:
        UsageError: a run or checkpoint that does not exist, images that cannot be opened, fewer than two samples or
            views, or features that are not finite.
    """
    recipe = Run.open(run).recipe
    K = max(recipe.views.K, FEWEST_VIEWS) if K is None else K
    if P < 2 or K < 2:
        raise UsageError(f"measures need at least 2 samples and 2 views of each, not P = {P} and K = {K}")
    model = load_model(run)
    images = _open(run, source or recipe.data.train, given=source is not None)
    if len(images) < 2:
        what = source or recipe.data.train
        raise UsageError(f"'{what}' has only one image, but measures need at least two: pass others with --data DATA")
    chosen = np.sort(np.random.default_rng(seed).permutation(len(images))[:P])
    size = recipe.data.size or native_view_size(images)
    views = iterate_views(images, chosen, [policy or recipe.views.policy], K, size, seed, recipe.data.workers)
    device = default_device()
    model = model.to(device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    h, z = [], []
    console = console or Console(quiet=True)
    with torch.no_grad(), track(f"embedding views of {Path(run).name}", len(chosen), console) as progress:
        for _, some in views:
            features, embeddings = model(some.to(device))
            h.append(features.float().cpu())
            z.append(embeddings.float().cpu())
            progress.advance(some.shape[1])
    features = torch.cat(h, dim=1)
    embeddings = torch.cat(z, dim=1) if recipe.projector.D else features
    if not bool(torch.isfinite(features).all() and torch.isfinite(embeddings).all()):
        raise UsageError(f"the features of {run} are not finite: its alarms may explain why (eigenview report {run})")
    return ViewFeatures(features, embeddings)


def _open(run: str | Path, source: str, given: bool) -> Images:
    try:
        return open_images(source)
    except UsageError as error:
        if given:
            raise
        raise UsageError(
            f"the images that {run} was trained on cannot be opened ({error}): pass images with --data DATA, "
            "or write features with eigenview embed and inspect those"
        ) from error
