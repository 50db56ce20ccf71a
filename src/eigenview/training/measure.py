"""What is measured while training: the loss on its scale, and the ranks and spectra of both spaces."""

from typing import Any

import torch
from torch import Tensor

from eigenview.objectives import Reference
from eigenview.spectra import effective_rank, singular_values
from eigenview.training.learner import Update


def measure(update: Update, reference: Reference, with_spectrum: bool) -> dict[str, Any]:
    """One update's line for the metrics.

    Args:
        update: with its batch's features `h` and embeddings `z`; all views count as rows of one matrix.
        reference: the objective's scale.
        with_spectrum: also the singular values, as shares of the largest.
    """
    rows = {"features": update.h, "embeddings": update.z}
    spectra = {name: singular_values(views.detach().flatten(0, 1)) for name, views in rows.items()}
    line: dict[str, Any] = {
        "lr": update.lr,
        "loss": update.loss,
        "terms": update.terms,
        "scale": reference.scale(update.loss),
        "gradient_norm": update.gradient_norm,
        "effective_rank": {name: float(effective_rank(values)) for name, values in spectra.items()},
    }
    if with_spectrum:
        line["spectrum"] = {name: _shares(values) for name, values in spectra.items()}
    return line


def _shares(singular_values: Tensor) -> list[float]:
    largest = singular_values[0].clamp_min(torch.finfo(singular_values.dtype).tiny)
    return [float(f"{value:.4g}") for value in (singular_values / largest).tolist()]
