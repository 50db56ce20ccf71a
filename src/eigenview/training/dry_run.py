"""A forward pass on blank views before anything is written."""

import torch

from eigenview._errors import UsageError
from eigenview.runs.record_lines import RESERVED
from eigenview.training.learner import Learner


def dry_run(learner: Learner) -> None:
    """Sends blank views through nets and objective once, so that what cannot run fails before a run directory exists.

    Raises:
        UsageError: the nets or the objective cannot take such views, or there are too few views or samples.
    """
    recipe, size = learner.recipe, learner.size
    K, P = learner.K, recipe.training.P
    learner.objective.check_shape(K, P)
    taken = RESERVED.intersection(learner.objective.logged())
    if taken:
        name = type(learner.objective).__name__
        raise UsageError(f"{name}.logged: '{min(taken)}' is a reserved key in metrics.jsonl; rename it")
    if K * P < 2:
        raise UsageError("one view of one sample is too little to train on: raise training.P or views.K")
    few = min(P, 2)
    blank = torch.zeros(recipe.views.K, few, 3, size, size, device=learner.fabric.device)
    try:
        with torch.no_grad(), torch.random.fork_rng():
            learner.trained.eval()
            _, z = learner.model(*learner.inputs.with_texts(blank, ("blank",) * few))
            learner.objective.checked_terms(z.float().repeat_interleave(P // few, dim=1))
    except Exception as error:
        views = f"views of {size}×{size} pixels"
        raise UsageError(f"encoder or objective cannot take {views}: {type(error).__name__}: {error}") from error
