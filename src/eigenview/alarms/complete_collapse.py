"""All embeddings are the same, or zero, and the loss, where it has a scale, shows it."""

from eigenview.alarms.alarm import AlarmRule
from eigenview.alarms.loss_at_chance import CHANCE
from eigenview.alarms.trajectory import Trajectory
from eigenview.runs.records import StepRecord

_ALIKE = 0.99  # cosine of different samples' embeddings: 1% of their mean square is left for what differs
_VANISHED = 1e-3  # of the widest spread of the run so far
_RANK_ALIKE = 1.05


def _evidence(record: StepRecord, run: Trajectory) -> str | None:
    """A loss far from collapse says that collapse does not matter to it: of a mean or a length that it divides out."""
    if record.scale is not None and record.scale > CHANCE:
        return None
    space = "embeddings" if "embeddings" in {**record.effective_rank, **record.cosine} else "features"
    cosine = record.cosine[space].samples if space in record.cosine else None
    spread, rank = record.spread.get(space), record.effective_rank.get(space)
    if space == "embeddings" and spread is not None and spread <= _VANISHED * run.widest_spread:
        found = f"the spread of the embeddings is {spread:.2g}, after a maximum of {run.widest_spread:.2g}"
    elif cosine is not None:
        found = f"the mean cosine between {space} of different samples is {cosine:.4f} (1: all point the same way)"
        if cosine < _ALIKE:
            return None
    elif rank is not None and rank <= _RANK_ALIKE:
        found = f"the effective rank of the {space} is {rank:.2f} (1: all lie on one line)"
    else:
        return None
    scale = (
        ""
        if record.scale is None
        else f", and the loss is {record.scale:.0%} of the way from collapse to its best value"
    )
    return f"at step {record.step} {found}{scale}"


COMPLETE_COLLAPSE = AlarmRule(
    "complete collapse",
    "each measurement",
    "embeddings of different samples are nearly identical (mean cosine 0.99 or more, or almost no spread), and the "
    "loss, if its scale is known, is at chance",
    "an objective that pushes samples apart, or a larger weight on its repulsion; a predictor or an EMA teacher, if "
    "the objective supports one; a smaller learning rate; less weight decay; weaker views",
    _evidence,
    patient=True,
)
