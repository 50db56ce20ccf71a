"""What is measured while training: the loss on its scale, the ranks and spectra of both spaces, how views agree."""

from dataclasses import asdict
from typing import Any

from eigenview.alarms import has_origin, origin_of
from eigenview.linalg import effective_rank, singular_values
from eigenview.measures import centroid_norm, pair_cosines, percent_error
from eigenview.objectives import CLIP, Reference
from eigenview.runs import spectrum_shares, spread
from eigenview.training.learner import Learner, Update


def measure(update: Update, reference: Reference, with_spectrum: bool) -> dict[str, Any]:
    """One update's line for the metrics.

    Args:
        update: with its batch's features `h` and embeddings `z`; all views, or both towers, count as rows of one
            matrix.
        reference: the objective's scale.
        with_spectrum: also the singular values, as shares of the largest.
    """
    spaces = {"features": update.h, "embeddings": update.z}
    spectra = {name: singular_values(views.detach().flatten(0, 1)) for name, views in spaces.items()}
    line: dict[str, Any] = {
        "lr": update.lr,
        "loss": update.loss,
        "terms": update.terms,
        "scale": reference.scale(update.loss),
        "gradient_norm": update.gradient_norm,
        "effective_rank": {name: float(effective_rank(values)) for name, values in spectra.items()},
        "spread": {name: spread(views.flatten(0, 1)) for name, views in spaces.items()},
    }
    paired = {name: asdict(pair_cosines(views)) for name, views in spaces.items() if min(views.shape[:2]) > 1}
    if paired:
        line["cosine"] = paired
    if with_spectrum:
        line["spectrum"] = {name: spectrum_shares(values) for name, values in spectra.items()}
    return line


def measure_objective(update: Update, learner: Learner) -> dict[str, Any]:
    """What only some runs have: a learned temperature, whether theory predicts a collapse, how far towers agree.

    Args:
        update: with its batch's features.
        learner: that made it.
    """
    line: dict[str, Any] = {}
    if isinstance(learner.objective, CLIP):
        line["temperature"] = learner.objective.temperature
    if learner.recipe.of_pairs:
        line["percent_error"] = {"embeddings": percent_error(update.z)}
        line["centroid_norm"] = {"embeddings": centroid_norm(update.z)}
    elif has_origin(learner.objective) and len(learner.model.projector) and min(update.z.shape[:2]) > 1:
        inputs = learner.last_layer_inputs(update.h)
        line["origin"] = origin_of(learner.objective, inputs, learner.D, learner.decay)
    return line
