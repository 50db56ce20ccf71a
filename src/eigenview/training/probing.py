"""Probes of the features after training: the only place where training reads labels."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from rich.console import Console
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from eigenview._errors import UsageError
from eigenview._progress import track
from eigenview.data import Images, batches_of
from eigenview.measures import label_few_shot, label_knn, label_linear
from eigenview.plotting import neighbours_picture
from eigenview.runs import MetricsWriter, ProbeRecord, Run
from eigenview.training.learner import Learner

LARGEST_TRAIN, LARGEST_TEST = 20_000, 10_000
LARGEST_PIXEL_SIDE = 32
QUERIES, NEIGHBOURS = 8, 8
DRAWS = 20
MOST_LINEAR_CLASSES = 1000


@dataclass(frozen=True)
class Probed:
    """Images as probes see them: pixels, features, and labels where there are any."""

    pixels: UInt8[Tensor, "N 3 S S"]
    features: Float[np.ndarray, "N d_enc"]
    labels: Int64[np.ndarray, "N"] | None

    def rows(self, chosen: np.ndarray) -> "Probed":
        """The chosen rows."""
        labels = None if self.labels is None else self.labels[chosen]
        return Probed(self.pixels[torch.from_numpy(chosen)], self.features[chosen], labels)

    def inputs(self, what: str) -> Float[np.ndarray, "N D"]:
        """`pixels` or `features`, one row per image."""
        return self.features if what == "features" else self.pixels.flatten(1).float().div_(255).numpy()


def evaluate(
    run: Run, learner: Learner, images: Images, test: Images | None, metrics: MetricsWriter, console: Console
) -> None:
    """Probes pixels and features on the same images, and pictures the nearest neighbours of a few images.

    At most 20,000 training and 10,000 test images are used, sampled at random. Without a labelled test set, a fifth
    of the training images is held out from the probes; the encoder has then seen them, without their labels.

    Args:
        run: gets the picture.
        learner: its encoder is probed.
        images: the training images.
        test: the test images, if there are any.
        metrics: gets a line for each probe.
        console: shows progress.
    """
    console.print("probing pixels and features", highlight=False)
    known = _probed(images, LARGEST_TRAIN, learner, console)
    own_test = test is not None and (test.labels is not None or images.labels is None)
    if test is not None and own_test:
        held_out = _probed(test, LARGEST_TEST, learner, console)
    else:
        order = np.random.default_rng(0).permutation(len(known.features))
        fifth = max(1, len(order) // 5)
        known, held_out = known.rows(order[fifth:]), known.rows(order[:fifth])
    _picture_neighbours(run, known, held_out)
    if known.labels is None or held_out.labels is None or len(np.unique(known.labels)) < 2:
        return
    probes = _probes(len(np.unique(known.labels)))
    with track("probing", 2 * len(probes), console) as progress:
        for what in ("pixels", "features"):
            x, x_test = known.inputs(what), held_out.inputs(what)
            for name, probe in probes.items():
                progress.update(f"probing {what}, {name}")
                metrics.write(
                    ProbeRecord(
                        learner.steps,
                        what,
                        name,
                        **probe(x, known.labels, x_test, held_out.labels),
                        known=len(known.features),
                        held_out=len(held_out.features),
                        held_out_trained_on=not own_test,
                    )
                )
                progress.advance()


def _probes(classes: int) -> dict[str, Callable[..., dict[str, Any]]]:
    """The probes by name: functions of features and labels, known and held out, to the fields of a record."""
    probes: dict[str, Callable[..., dict[str, Any]]] = {"kNN": lambda *data: {"accuracy": label_knn(*data)}}
    if classes <= MOST_LINEAR_CLASSES:  # beyond, the solver takes hours
        probes["linear"] = lambda *data: {"accuracy": label_linear(*data)}
    for shots in (1, 5):
        probes[f"{shots} label{'s' if shots > 1 else ''} a class"] = partial(_few_shot, shots=shots)
    return probes


def _few_shot(
    x: Float[np.ndarray, "N D"],
    y: Int64[np.ndarray, "N"],
    x_test: Float[np.ndarray, "M D"],
    y_test: Int64[np.ndarray, "M"],
    shots: int,
) -> dict[str, Any]:
    few = label_few_shot(x, y, x_test, y_test, shots=shots, draws=DRAWS)
    return {"accuracy": few.mean, "spread": few.std, "draws": few.draws}


def _probed(images: Images, most: int, learner: Learner, console: Console) -> Probed:
    """Sends up to `most` of the images through the encoder."""
    chosen = np.sort(np.random.default_rng(0).permutation(len(images))[:most])
    encoder = learner.model.encoder.eval()
    pixels, features = [], []
    with torch.no_grad(), track("embedding images for the probes", len(chosen), console) as progress:
        for _, batch in batches_of(images, learner.size, 256, chosen):
            features.append(encoder(batch.to(learner.fabric.device)).float().cpu())
            pixels.append(_shrunk(batch))
            progress.advance(len(batch))
    if not all(bool(torch.isfinite(some).all()) for some in features):
        raise UsageError("the encoder's features are not finite, so there is nothing to probe: see the run's alarms")
    labels = None if images.labels is None else images.labels[chosen]
    return Probed(torch.cat(pixels), torch.cat(features).numpy(), labels)


def _shrunk(images: UInt8[Tensor, "N 3 H W"]) -> UInt8[Tensor, "N 3 S S"]:
    """Shrinks photographs to as many pixels as a classifier can be fitted to."""
    side = LARGEST_PIXEL_SIDE
    if images.shape[-1] <= side:
        return images
    small = torch.nn.functional.interpolate(images.float(), (side, side), mode="bilinear", antialias=True)
    return small.round_().to(torch.uint8)


def _picture_neighbours(run: Run, known: Probed, held_out: Probed) -> None:
    """Pictures the nearest training images of a few held-out ones, by cosine of their features."""
    if not len(known.features):
        return
    queries = held_out.rows(np.arange(min(QUERIES, len(held_out.features))))
    search = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(known.features)), metric="cosine").fit(known.features)
    nearest = search.kneighbors(queries.features, return_distance=False)
    found = known.pixels[torch.from_numpy(nearest.ravel())].unflatten(0, nearest.shape)
    neighbours_picture(queries.pixels, found, run.pictures / "neighbours.png")
