"""What training measures, and when: the loss on its scale, ranks and spectra of both spaces, agreement of views."""

import copy
import math
from dataclasses import asdict, dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from eigenview.alarms import has_origin, origin_of
from eigenview.linalg import effective_rank, singular_values
from eigenview.measures import centroid_norm, pair_cosines, percent_error, spectrum_shares, spread
from eigenview.objectives import Reference
from eigenview.predict import landscape_of, loss_decay
from eigenview.runs import Cosines, Origin, StepRecord
from eigenview.training.learner import Learner, Update

SPECTRA_IN_A_RUN = 24


@dataclass(frozen=True)
class MeasuredSteps:
    """The updates that training measures: the first, the last, and one in every few.

    Args:
        every: updates between measurements.
        steps: number of updates in the whole run.
    """

    every: int
    steps: int

    def due(self, step: int) -> bool:
        """Whether to measure after so many updates."""
        return step % self.every == 0 or step in (1, self.steps)

    def with_spectrum(self, step: int) -> bool:
        """Whether that measurement has spectra, of which a run keeps about 24."""
        thinned = self.every * max(1, math.ceil(self.steps / self.every) // SPECTRA_IN_A_RUN)
        return step % thinned == 0 or step in (1, self.steps)


def measure(step: int, update: Update, reference: Reference, with_spectrum: bool) -> StepRecord:
    """The measurements of an update that every run has.

    Args:
        step: number of updates made.
        update: its features `h` and embeddings `z` are measured; the rows of all views, or of both towers, form one
            matrix.
        reference: the scale of the objective.
        with_spectrum: whether to add the singular values, as shares of the largest.
    """
    spaces = {"features": update.h, "embeddings": update.z}
    spectra = {name: singular_values(views.detach().flatten(0, 1)) for name, views in spaces.items()}
    pairs = {name: asdict(pair_cosines(views)) for name, views in spaces.items() if min(views.shape[:2]) > 1}
    return StepRecord(
        step,
        lr=update.lr,
        loss=update.loss,
        terms={**update.terms},
        scale=reference.scale(update.loss),
        gradient_norm=update.gradient_norm,
        effective_rank={name: float(effective_rank(values)) for name, values in spectra.items()},
        spread={name: spread(views.flatten(0, 1)) for name, views in spaces.items()},
        cosine={name: Cosines(**cosines) for name, cosines in pairs.items()},
        spectrum={name: [*spectrum_shares(values)] for name, values in spectra.items()} if with_spectrum else {},
    )


def measure_objective(record: StepRecord, update: Update, learner: Learner) -> StepRecord:
    """Adds what only some runs have: what the objective logs, a predicted collapse, agreement of towers.

    Args:
        record: the other measurements of the update.
        update: its features and embeddings are measured.
        learner: made the update.
    """
    record = replace(record, logged={**learner.objective.logged()})
    if learner.recipe.of_pairs:
        found = {"percent_error": percent_error(update.z), "centroid_norm": centroid_norm(update.z)}
        return replace(record, measures={name: {"embeddings": value} for name, value in found.items()})
    if len(learner.model.projector) and min(update.z.shape[:2]) > 1:
        K, P, D = update.z.shape
        landscape = landscape_of(learner.objective, K, P, D, loss_decay(learner.recipe.optimizer))
        if has_origin(landscape):
            origin = origin_of(landscape, last_layer_inputs(learner.model.projector, update.h))
            return replace(record, origin=Origin(**origin))  # pyright: ignore[reportArgumentType]
    return record


def last_layer_inputs(projector: nn.Sequential, h: Float[Tensor, "K P d"]) -> Float[Tensor, "K P n"]:
    """What the last layer of a projector receives from features; its batch norm uses the statistics of this batch."""
    # A copy, so that the projector's running statistics stay as they are.
    before = copy.deepcopy(projector[:-1]).train()
    with torch.no_grad():
        return before(h.flatten(0, 1)).unflatten(0, h.shape[:2])
