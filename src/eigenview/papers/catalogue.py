"""The experiments of the five papers."""

from eigenview._errors import UsageError
from eigenview._names import nearest
from eigenview.papers.experiment import Experiment, import_experiment


def _experiment(path: str, shows: str, smoke: str, cpu: str, gpu: str) -> Experiment:
    paper, name = path.split("/")
    return Experiment(paper, name, shows, {"smoke": smoke, "cpu": cpu, "gpu": gpu})


EXPERIMENTS = (
    # What each shows, and what it costs at `smoke`, `cpu` and `gpu`. Listing them must not import torch, so that this
    # does not stand in the experiments' own files.
    _experiment("mmcr/bound", "Fig. 2: how close uniform embeddings come to the bound", "1 s", "20 s", "2 h"),
    _experiment("mmcr/double-descent", "Fig. 3: the percent error peaks at P = D", "6 s", "11 min", "10 days"),
    _experiment(
        "mmcr/scaling",
        "Fig. 4: the percent error falls as a power of compute, down to a floor",
        "5 s",
        "15 s",
        "2 days",
    ),
    _experiment(
        "mmcr/multimodal", "Figs. 5–7: MMCR and CLIP on images and captions, by batch size", "9 s", "11 min", "1 day"
    ),
    _experiment(
        "geometry/rank",
        "Fig. 1: stronger augmentation lowers the projector's rank and improves the encoder",
        "5 s",
        "8 min",
        "1 day",
    ),
    _experiment("geometry/bound", "Fig. 3: an upper bound that follows InfoNCE", "5 s", "30 s", "1 h"),
    _experiment(
        "geometry/spectrum", "Figs. 4, 9: the encoder keeps its rank, the projector does not", "5 s", "30 s", "1 h"
    ),
    _experiment(
        "geometry/distance", "Fig. 5: the distance of features to their nearest negatives", "5 s", "30 s", "1 h"
    ),
    _experiment(
        "geometry/labels", "Fig. 6: the share of nearest negatives with the sample's own label", "5 s", "15 s", "1 h"
    ),
    _experiment(
        "geometry/tangent", "Fig. 7: the variance between neighbours that the projector removes", "5 s", "15 s", "1 h"
    ),
    _experiment("geometry/projector", "Sec. 5: depth and width of the projector", "8 s", "6 min", "1 week"),
    _experiment(
        "geometry/rotations",
        "Fig. 10: the rank of a rotated image's covariance, by the range of angles",
        "1 s",
        "4 s",
        "4 s",
    ),
    _experiment(
        "landscape/infonce",
        "App. Fig. 2 left: the smallest modes of InfoNCE shrink but never vanish",
        "5 s",
        "2 min",
        "3 min",
    ),
    _experiment(
        "landscape/weighted", "App. Fig. 2 middle: weighted InfoNCE, by the number of points", "5 s", "6 min", "3 min"
    ),
    _experiment(
        "landscape/beta",
        "App. Fig. 2 right: modes of β-InfoNCE vanish at the predicted strengths",
        "5 s",
        "1 min",
        "3 min",
    ),
    _experiment(
        "landscape/normalised",
        "Fig. 3: with normalised outputs the smallest modes vanish early",
        "5 s",
        "30 s",
        "3 min",
    ),
    _experiment(
        "landscape/nonlinear", "Fig. 4: the loss of nonlinear nets along their last layer", "3 s", "2 min", "1 min"
    ),
    _experiment(
        "landscape/resnet",
        "Fig. 1: noise turns the last layer's origin from a saddle into a minimum",
        "8 s",
        "4 min",
        "3 h",
    ),
    _experiment(
        "dynamics/half-moons",
        "Fig. 1: unconstrained outputs diverge and all become alike; a scaled loss converges",
        "1 s",
        "1 s",
        "2 s",
    ),
    _experiment(
        "dynamics/width",
        "Fig. 2: the activations with which a wide network becomes a linear one",
        "1 s",
        "1 s",
        "1 min",
    ),
    _experiment(
        "dynamics/flow", "Fig. 3: projected gradient descent, and the flow that is its limit", "2 s", "3 s", "20 s"
    ),
    _experiment(
        "dynamics/mnist",
        "Fig. 4: the time per step by width, and a linear SVM's accuracy on both embeddings",
        "3 s",
        "2 min",
        "20 min",
    ),
    _experiment(
        "information/gaussianity", "Fig. 1: features around an image are normal for small noise", "5 s", "4 min", "1 h"
    ),
    _experiment(
        "information/estimators",
        "Sec. 2: estimates of a mixture's entropy beside the true entropy",
        "3 s",
        "30 s",
        "1 min",
    ),
    _experiment(
        "information/objectives",
        "Table 1: objectives with an entropy estimate, and their baselines, on one budget",
        "15 s",
        "13 min",
        "1 day",
    ),
    _experiment(
        "information/bound",
        "Sec. 4: the terms of a generalisation bound, and the error of a linear head",
        "9 s",
        "1 min",
        "3 h",
    ),
)
"""All of them, paper by paper."""


def select_experiments(selection: str) -> tuple[Experiment, ...]:
    """The experiments that a selection names.

    Args:
        selection: `all`, `PAPER`, `PAPER/EXPERIMENT`, or the import path `module:attribute` of anyone's experiment.

    Raises:
        UsageError: nothing has that name.
    """
    if ":" in selection:
        return (import_experiment(selection),)
    found = tuple(each for each in EXPERIMENTS if selection in ("all", each.paper, each.path))
    if not found:
        known = ["all", *dict.fromkeys(each.paper for each in EXPERIMENTS), *(each.path for each in EXPERIMENTS)]
        raise UsageError(f"unknown experiment '{selection}': {nearest(selection, known)}")
    return found
