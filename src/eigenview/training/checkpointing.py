"""Checkpoints of training: what they hold, saving one, and going on from the last."""

from typing import Any

import torch
from torch import Tensor

from eigenview._errors import UsageError
from eigenview.data import Images
from eigenview.runs import Checkpoint, Run, load_checkpoint, save_checkpoint
from eigenview.training.learner import Learner


def save(run: Run, learner: Learner, step: int, seconds: float, images: Images) -> None:
    """Saves a checkpoint of the run, and drops the oldest beyond those that the recipe keeps.

    Args:
        run: gets the checkpoint.
        learner: holds what is saved.
        step: number of updates made.
        seconds: training time until then.
        images: the training data, whose number a resumed run must find again.

    Raises:
        OSError: the checkpoint could not be written; the earlier ones are untouched.
    """
    state = {"seconds": seconds, "images": len(images), **training_state(learner)}
    checkpoint = Checkpoint(step, learner.model.state_dict(), state)
    save_checkpoint(run.checkpoints, checkpoint, keep=learner.recipe.training.checkpoints_kept)


def resume(run: Run, learner: Learner, images: Images) -> tuple[int, float]:
    """Brings the learner to the run's last checkpoint.

    Returns:
        The number of updates made, and the seconds that they took; zeros where there is no checkpoint.

    Raises:
        UsageError: the training data have changed, or the checkpoint does not fit the learner.
    """
    newest = run.last_checkpoint
    if newest is None:
        return 0, 0.0
    checkpoint = load_checkpoint(newest)
    if checkpoint.state["images"] != len(images):
        raise UsageError(
            f"{run.path} was trained on {checkpoint.state['images']} images, but its source now has {len(images)}: "
            "restore the original data, or start a new run in another --out"
        )
    restore(learner, checkpoint.weights, checkpoint.state)
    return checkpoint.step, checkpoint.state["seconds"]


def training_state(learner: Learner) -> dict[str, Any]:
    """What the next update depends on besides the model's weights."""
    generators = {"torch": torch.get_rng_state()}
    if learner.fabric.device.type == "cuda":
        generators["cuda"] = torch.cuda.get_rng_state(learner.fabric.device)
    state = {"optimizer": learner.optimizer.state_dict(), "generators": generators}
    state["objective"] = learner.objective.state_dict()
    if learner.teacher is not None:
        state["teacher"] = learner.teacher.state_dict()
    return state


def restore(learner: Learner, weights: dict[str, Tensor], state: dict[str, Any]) -> None:
    """Brings the learner to the model's weights and the `training_state` of an earlier step.

    Raises:
        UsageError: the state does not fit the objective.
    """
    learner.model.load_state_dict(weights)
    try:
        learner.objective.load_state_dict(state.get("objective", {}))
    except RuntimeError as error:
        raise UsageError(f"the checkpoint's state does not match the objective: {error}") from error
    if learner.teacher is not None:
        learner.teacher.load_state_dict(state["teacher"])
    learner.optimizer.load_state_dict(state["optimizer"])
    torch.set_rng_state(state["generators"]["torch"])
    if "cuda" in state["generators"]:
        torch.cuda.set_rng_state(state["generators"]["cuda"], learner.fabric.device)
