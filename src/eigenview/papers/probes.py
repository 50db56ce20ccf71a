"""What a run's encoder is worth, on images that it was not trained on."""

from dataclasses import dataclass

from rich.console import Console

from eigenview.data import Images
from eigenview.measures import label_knn, label_linear
from eigenview.nets import Encoder
from eigenview.runs import Run, load
from eigenview.runs.embed import encode


@dataclass(frozen=True)
class Accuracies:
    """Shares of images in [0, 1] whose label is read off their features, by a linear probe and by ten neighbours."""

    linear: float
    knn: float


def accuracies(run: Run, known: Images, held_out: Images) -> Accuracies:
    """How well labels can be read off a run's features.

    Args:
        run: a finished one.
        known: images with labels, which probes are fitted to.
        held_out: images with labels, which they are tested on.
    """
    assert run.recipe.data.size is not None
    return encoder_accuracies(load(run.path), known, held_out, run.recipe.data.size)


def encoder_accuracies(encoder: Encoder, known: Images, held_out: Images, side: int) -> Accuracies:
    """The same of an encoder, on images of this many pixels a side."""
    assert known.labels is not None
    assert held_out.labels is not None
    h, h_test = (encode(encoder, images, side, Console(quiet=True)) for images in (known, held_out))
    given = h, known.labels, h_test, held_out.labels
    return Accuracies(label_linear(*given), label_knn(*given))
