"""What a recipe names, built and checked against the rest: nets, objective, EMA teacher."""

from torch import nn

from eigenview._errors import UsageError
from eigenview.config import Recipe
from eigenview.nets import Model, TwoTower
from eigenview.objectives import Objective, build_objective
from eigenview.runs import Statistics, build_model, build_towers
from eigenview.training.teacher import EMATeacher


def build_nets(recipe: Recipe, statistics: Statistics) -> Model | TwoTower:
    """The encoder with its projector, or both towers of a recipe on image–text pairs.

    Args:
        recipe: names the nets.
        statistics: mean and standard deviation of the images' channels.
    """
    return (build_towers if recipe.of_pairs else build_model)(recipe, statistics)


def build_training_objective(recipe: Recipe, D: int) -> Objective:
    """The objective of a recipe, which fits the nets that it trains.

    Args:
        recipe: names the objective.
        D: dimension of the embeddings.

    Raises:
        UsageError: an unknown objective or option, or an objective that cannot train two towers where there are two.
    """
    objective = build_objective(recipe.objective.name, recipe.objective.options, D)
    if recipe.of_pairs:
        _check_takes_towers(objective)
    return objective


def build_teacher(momentum: float | None, model: nn.Module, objective: Objective, steps: int) -> EMATeacher | None:
    """The EMA teacher of a model; None without a momentum.

    Args:
        momentum: see `EMATeacher`.
        model: the model that is trained.
        objective: compares the model's embeddings with the teacher's.
        steps: number of updates in the whole run.

    Raises:
        UsageError: the objective does not compare with a teacher.
    """
    if momentum is None:
        return None
    if not objective.takes_teacher:
        raise UsageError(
            f"teacher.momentum is for objectives with an EMA teacher, such as BYOL; {type(objective).__name__} does "
            "not use one: omit teacher.momentum"
        )
    return EMATeacher(model, momentum, steps)


def _check_takes_towers(objective: Objective) -> None:
    """Makes sure that an objective needs nothing but the embeddings of two towers.

    Raises:
        UsageError: it compares with a teacher or a predictor, or constrains the one projector that it expects.
    """
    if not objective.takes_towers:
        why = "needs a teacher of a single network" if objective.takes_teacher else "constrains a single projector"
        raise UsageError(
            f"{type(objective).__name__} {why}, but image–text pairs have two towers: use CLIP, MMCR, InfoNCE or "
            "VICReg (--objective), or omit data.captions to train on images alone"
        )
