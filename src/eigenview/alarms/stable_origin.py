"""Theory finds that the projector's last layer collapses to zero, given the batch that it sees."""

from eigenview.alarms.alarm import AlarmRule
from eigenview.alarms.trajectory import Trajectory
from eigenview.runs.records import StepRecord


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
    "theory finds the origin a minimum for the projector's last layer, given the covariances of its inputs between "
    "samples and between views (β-InfoNCE and its kin, VICReg, spectral, Barlow Twins; not where the loss normalises "
    "embeddings)",
    "weaker views, less weight decay, or more repulsion between samples (beta, or VICReg's variance)",
    _evidence,
    needs=("origin",),
    in_a_row=2,
)
