"""Whether theory finds the origin of the projector's last layer stable, so that embeddings collapse to it."""

from typing import TypeGuard

from jaxtyping import Float
from torch import Tensor

from eigenview.alarms.alarm import AlarmRule
from eigenview.alarms.trajectory import Trajectory
from eigenview.objectives import NotCovered
from eigenview.predict.covariances import CovarianceStream
from eigenview.predict.landscape import Landscape
from eigenview.runs.records import StepRecord
from eigenview.theory.landscape import modes_of


def has_origin(landscape: Landscape | NotCovered) -> TypeGuard[Landscape]:
    """Whether theory describes the loss around W = 0: not where it covers no such loss, or embeddings are normalised.

    Args:
        landscape: as `eigenview.predict.landscape_of` gives it.
    """
    return isinstance(landscape, Landscape) and not landscape.fixed_length


def origin_of(landscape: Landscape, inputs: Float[Tensor, "K P d"]) -> dict[str, float]:
    """What theory says of W = 0, given what a batch's views give the projector's last layer W.

    The covariances are a batch's, as `eigenview.predict` estimates them, and with few samples for many dimensions too
    many modes seem to grow: a stable origin may then be missed. The net below the layer is taken as it is.

    Args:
        landscape: one that `has_origin`.
        inputs: what the last linear layer is given.

    Returns:
        `largest` eigenvalue of B with weight decay; `growing`, the number of directions that survive; `between` and
        `within`, the variance of inputs (a trace) between samples and between views of one; `decay`, γ. Costs a few
        eigendecompositions of d × d.

    Raises:
        ValueError: inputs that are not finite, or a single view or sample; a landscape without an origin.
    """
    stream = CovarianceStream()
    stream.add(inputs)
    found = stream.covariances(chance=False)
    B = landscape.origin(found)
    if B is None:
        raise ValueError("a loss of normalised embeddings has no value at the origin")
    modes = modes_of(B)
    return {
        "largest": float(modes.eigenvalues[0]),
        "growing": modes.surviving,
        "between": float(found.A0.trace()) if found.trace is None else found.trace,
        "within": float(found.C.trace()),
        "decay": landscape.gamma,
    }


def _evidence(record: StepRecord, run: Trajectory) -> str | None:
    origin = record.origin
    if origin is None or origin.growing:
        return None
    decay = f", weight decay {origin.decay:.3g}" if origin.decay else ""
    return (
        f"at step {record.step} the origin is a minimum of the loss for the projector's last layer: the largest "
        f"eigenvalue of B, which must be positive for any mode to grow, is {origin.largest or 0:.3g} (variance of the "
        f"layer's inputs: {origin.between or 0:.3g} between samples, {origin.within or 0:.3g} between views of one "
        f"sample{decay})"
    )


COLLAPSE_PREDICTED = AlarmRule(
    "collapse predicted",
    "each measurement",
    "theory predicts that the origin is a minimum for the projector's last layer, given the covariances of the layer's "
    "inputs between samples and between views (β-InfoNCE and its variants, VICReg, spectral contrastive, Barlow Twins; "
    "not for losses that normalise embeddings)",
    "weaker views, more repulsion between samples (beta, or VICReg's variance), or less weight decay (unless the "
    "optimizer is AdamW, whose decay is not part of the loss)",
    _evidence,
    needs=("origin",),
    in_a_row=2,
)
