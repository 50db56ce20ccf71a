"""Accuracy of label probes on a run's features, on held-out images."""

from dataclasses import dataclass

from rich.console import Console

from eigenview.data import Images
from eigenview.measures import label_knn, label_linear
from eigenview.nets import Encoder
from eigenview.runs import Run, encode, load


@dataclass(frozen=True)
class Accuracies:
    """Accuracies in [0, 1] of a linear probe and of ten nearest neighbours."""

    linear: float
    knn: float


def accuracies(run: Run, known: Images, held_out: Images) -> Accuracies:
    """Accuracies of probes on the features of a run's encoder.

    Args:
        run: a finished run.
        known: labelled images that the probes are fitted to.
        held_out: labelled images that the probes are tested on.
    """
    assert run.recipe.data.size is not None
    return encoder_accuracies(load(run.path), known, held_out, run.recipe.data.size)


def encoder_accuracies(encoder: Encoder, known: Images, held_out: Images, side: int) -> Accuracies:
    """Accuracies of probes on the features of an encoder, on images of `side` × `side` pixels."""
    assert known.labels is not None
    assert held_out.labels is not None
    h, h_test = (encode(encoder, images, side, Console(quiet=True)) for images in (known, held_out))
    given = h, known.labels, h_test, held_out.labels
    return Accuracies(label_linear(*given), label_knn(*given))
