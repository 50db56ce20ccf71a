"""Where the numbers of an update first stop being finite."""

import torch

from eigenview.alarms import first_not_finite, last_gradient_not_finite
from eigenview.data import TrainingBatch
from eigenview.training.learner import Learner


def first_nonfinite_weight(learner: Learner) -> str | None:
    """The name of the first weight or running statistic that is not finite; None if all are finite."""
    named = [(name, t) for name, t in learner.named_parts.state_dict().items() if t.is_floating_point()]
    return next((name for name, tensor in named if not torch.isfinite(tensor).all()), None)


def locate_nonfinite(learner: Learner, batch: TrainingBatch) -> str:
    """Says in words where an update whose loss or gradient was not finite first met such a number.

    The batch goes forward once more, with the weights that it met. Dropout then draws other numbers, and the running
    statistics of batch norm see the batch twice; neither matters, since the run ends here.

    Args:
        learner: made the update, and holds its gradients.
        batch: the batch of that update.
    """
    inputs = learner.inputs(batch)
    if not torch.isfinite(inputs[0]).all():
        return "in the views"
    parts = dict(learner.named_parts.named_children())
    if learner.teacher is not None:
        parts["teacher"] = learner.teacher.model
    with torch.no_grad(), learner.fabric.autocast():
        found = first_not_finite(parts, lambda: learner.objective(learner.model(*inputs)[1], learner.target(*inputs)))
    if found is not None:
        return f"in the output of {found}"
    gradient = last_gradient_not_finite(learner.named_parts.named_parameters())
    if gradient is not None:
        return f"in the gradient of {gradient} in the backward pass, though every output is finite"
    return "in the norm of the gradients, though each gradient is finite"
