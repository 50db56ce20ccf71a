"""Which experiments there are."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from eigenview._errors import UsageError
from eigenview._names import nearest
from eigenview.papers.outcome import Outcome, Scale

if TYPE_CHECKING:
    from eigenview.papers.run_cache import RunCache


@dataclass(frozen=True)
class Experiment:
    """One of a paper's experiments.

    Args:
        paper: its short name, and that of the package here that holds its experiments.
        name: the experiment's, and, with underscores, that of its file.
        shows: what, in a line.
        cost: about how long it takes on two cores, by scale, where those before it trained what they share; at `gpu`,
            on one.
    """

    paper: str
    name: str
    shows: str
    cost: dict[Scale, str]

    @property
    def path(self) -> str:
        """`PAPER/EXPERIMENT`, as it is typed."""
        return f"{self.paper}/{self.name}"

    @property
    def run(self) -> "Callable[[Scale, RunCache], Outcome]":
        """The function that runs it."""
        return import_module(f"eigenview.papers.{self.paper}.{self.name.replace('-', '_')}").run


def _of(paper: str, name: str, shows: str, smoke: str, cpu: str, gpu: str) -> Experiment:
    return Experiment(paper, name, shows, {"smoke": smoke, "cpu": cpu, "gpu": gpu})


EXPERIMENTS = (
    _of("mmcr", "bound", "Fig. 2: how near uniform embeddings come to the bound", "1 s", "20 s", "2 h"),
    _of("mmcr", "double-descent", "Fig. 3: percent error peaks where P = D", "6 s", "11 min", "10 days"),
    _of("mmcr", "scaling", "Fig. 4: percent error falls as a power of compute, to a floor", "5 s", "15 s", "2 days"),
    _of(
        "mmcr",
        "multimodal",
        "Figs. 5–7: MMCR and CLIP on images and captions, over the batch",
        "9 s",
        "11 min",
        "1 day",
    ),
    _of(
        "geometry",
        "rank",
        "Fig. 1: stronger views, a projector of lower rank and a better encoder",
        "5 s",
        "8 min",
        "1 day",
    ),
    _of("geometry", "bound", "Fig. 3: an upper bound that follows InfoNCE", "5 s", "30 s", "1 h"),
    _of("geometry", "spectrum", "Figs. 4, 9: the encoder keeps its rank, the projector does not", "5 s", "30 s", "1 h"),
    _of("geometry", "distance", "Fig. 5: how far features are from their nearest negatives", "5 s", "30 s", "1 h"),
    _of("geometry", "labels", "Fig. 6: how many nearest negatives have the sample's label", "5 s", "15 s", "1 h"),
    _of("geometry", "tangent", "Fig. 7: variance between neighbours that the projector removes", "5 s", "15 s", "1 h"),
    _of("geometry", "projector", "Sec. 5: depth and width of the projector", "8 s", "6 min", "1 week"),
    _of(
        "geometry",
        "rotations",
        "Fig. 10: rank of the covariance of rotated points, over the range of angles",
        "1 s",
        "4 s",
        "4 s",
    ),
    _of(
        "landscape",
        "infonce",
        "App. Fig. 2 left: the smallest modes of InfoNCE shrink and never vanish",
        "5 s",
        "2 min",
        "3 min",
    ),
    _of(
        "landscape",
        "weighted",
        "App. Fig. 2 middle: weighted InfoNCE, over the size of the data",
        "5 s",
        "6 min",
        "3 min",
    ),
    _of(
        "landscape",
        "beta",
        "App. Fig. 2 right: modes of β-InfoNCE vanish at the predicted strengths",
        "5 s",
        "1 min",
        "3 min",
    ),
    _of(
        "landscape",
        "normalised",
        "Fig. 3: with normalised outputs, the smallest modes vanish early",
        "5 s",
        "30 s",
        "3 min",
    ),
    _of("landscape", "nonlinear", "Fig. 4: the loss of nonlinear nets along their last layer", "3 s", "2 min", "1 min"),
    _of(
        "landscape",
        "resnet",
        "Fig. 1: noise turns the last layer's origin from saddle to minimum",
        "8 s",
        "4 min",
        "3 h",
    ),
    _of(
        "dynamics",
        "half-moons",
        "Fig. 1: without a constraint outputs diverge and are all the same; a scaled loss converges",
        "1 s",
        "1 s",
        "2 s",
    ),
    _of("dynamics", "width", "Fig. 2: which activations make a wide network a linear one", "1 s", "1 s", "1 min"),
    _of("dynamics", "flow", "Fig. 3: projected descent, and the flow that is its limit", "2 s", "3 s", "20 s"),
    _of(
        "dynamics",
        "mnist",
        "Fig. 4: time of a step over the width, and what a linear SVM makes of both embeddings",
        "3 s",
        "2 min",
        "20 min",
    ),
    _of(
        "information", "gaussianity", "Fig. 1: features near an image are normal for small noise", "5 s", "4 min", "1 h"
    ),
    _of(
        "information",
        "estimators",
        "Sec. 2: estimates of a mixture's entropy around the true one",
        "3 s",
        "30 s",
        "1 min",
    ),
    _of(
        "information",
        "objectives",
        "Table 1: objectives with an entropy, and their baselines, under one budget",
        "15 s",
        "13 min",
        "1 day",
    ),
    _of("information", "bound", "Sec. 4: terms of a bound, and the error of a probe", "9 s", "1 min", "3 h"),
)
"""All of them, paper by paper."""


def chosen(selection: str) -> tuple[Experiment, ...]:
    """The experiments that are asked for.

    Args:
        selection: `all`, a paper, or `PAPER/EXPERIMENT`.

    Raises:
        UsageError: there is none.
    """
    found = tuple(each for each in EXPERIMENTS if selection in ("all", each.paper, each.path))
    if not found:
        known = ["all", *dict.fromkeys(each.paper for each in EXPERIMENTS), *(each.path for each in EXPERIMENTS)]
        raise UsageError(f"unknown experiment '{selection}': {nearest(selection, known)}")
    return found
