"""The objectives that a recipe can name, and an objective from its name."""

import inspect
from collections.abc import Mapping
from typing import Any

from eigenview._errors import UsageError
from eigenview._names import build, resolve
from eigenview.objectives.barlow import BarlowTwins
from eigenview.objectives.base import Objective
from eigenview.objectives.byol import BYOL
from eigenview.objectives.infonce import InfoNCE
from eigenview.objectives.infonce_variants import CLIP, BetaInfoNCE, DecoupledInfoNCE, SimCLR, WeightedInfoNCE
from eigenview.objectives.invariance_entropy import InvarianceEntropy
from eigenview.objectives.mmcr import MMCR
from eigenview.objectives.sigreg import SIGReg
from eigenview.objectives.simsiam import SimSiam
from eigenview.objectives.spectral import SpectralContrastive
from eigenview.objectives.trace import TraceAlignment, TraceContrastive
from eigenview.objectives.vicreg import VICReg

OBJECTIVES: dict[str, type[Objective]] = {
    "InfoNCE": InfoNCE,
    "SimCLR": SimCLR,
    "CLIP": CLIP,
    "DecoupledInfoNCE": DecoupledInfoNCE,
    "BetaInfoNCE": BetaInfoNCE,
    "WeightedInfoNCE": WeightedInfoNCE,
    "SpectralContrastive": SpectralContrastive,
    "MMCR": MMCR,
    "VICReg": VICReg,
    "BarlowTwins": BarlowTwins,
    "InvarianceEntropy": InvarianceEntropy,
    "SIGReg": SIGReg,
    "BYOL": BYOL,
    "SimSiam": SimSiam,
    "TraceContrastive": TraceContrastive,
    "TraceAlignment": TraceAlignment,
}
"""Every objective that has a name of its own, by that name."""


def build_objective(name: str, options: Mapping[str, Any], D: int | None = None) -> Objective:
    """The objective that a recipe names.

    Args:
        name: a key of `OBJECTIVES` in any case (`mmcr`), or an import path `module:Class`.
        options: arguments of its constructor.
        D: dimensions of the embeddings, for an objective whose constructor takes a `D` that `options` leave out.

    Raises:
        UsageError: no such objective or option, or a value that it refuses.
    """
    takes = inspect.signature(resolve(name, OBJECTIVES, "objective")).parameters
    given = {"D": D, **options} if D is not None and "D" in takes else options
    objective = build(name, given, OBJECTIVES, "objective")
    if not isinstance(objective, Objective):
        raise UsageError(
            f"objective '{name}' makes a {type(objective).__name__}, not an eigenview.objectives.Objective"
        )
    return objective
