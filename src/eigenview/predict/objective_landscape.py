"""The one bridge from training to theory: an objective or a recipe to its landscape, an optimizer to the loss's decay.

The third of its functions, from views to A0 and C, is `CovarianceStream`. Predictions and the alarm of a predicted
collapse both take this bridge, so that they cannot differ.
"""

from eigenview._errors import UsageError
from eigenview.config import OptimizerRecipe, Recipe
from eigenview.objectives import (
    OBJECTIVES,
    CentroidNuclearNorm,
    CosineContrast,
    CrossCorrelation,
    DeviationHinge,
    EuclideanContrast,
    NotCovered,
    Objective,
    SpectralContrast,
    build_objective,
)
from eigenview.predict.closed_forms import (
    GaussianInfoNCE,
    NearOriginOnly,
    NormalizedInfoNCE,
    NuclearNorm,
    SpectralContrastiveLandscape,
)
from eigenview.predict.landscape import Landscape

_HOTTEST = 1e100  # temperature: beyond it, and below its inverse, numbers overflow


def landscape_of(objective: Objective, K: int, P: int, D: int, decay: float | None) -> Landscape | NotCovered:
    """The landscape of an objective, or why there is none.

    Args:
        objective: what is minimised.
        K: views of each sample.
        P: samples in a batch.
        D: dimensions of the embeddings.
        decay: γ, as `loss_decay` gives it.

    Raises:
        UsageError: too few views or samples for the objective.
    """
    theory = objective.theory(K, P, D)
    if isinstance(theory, EuclideanContrast | CosineContrast) and not 1 / _HOTTEST <= theory.temperature <= _HOTTEST:
        return NotCovered(f"temperature must be in [{1 / _HOTTEST:g}, {_HOTTEST:g}], not {theory.temperature:g}")
    match theory:
        case NotCovered():
            return theory
        case EuclideanContrast():
            return GaussianInfoNCE(decay, theory)
        case CosineContrast():
            return NormalizedInfoNCE(decay, theory)
        case SpectralContrast():
            return SpectralContrastiveLandscape(decay, theory)
        case DeviationHinge() | CrossCorrelation():
            return NearOriginOnly(decay, theory, D)
        case CentroidNuclearNorm():
            return NuclearNorm(decay, theory)
    return NotCovered(f"its theory, {type(theory).__name__}, has no landscape here")


def landscape_of_recipe(recipe: Recipe) -> Landscape:
    """The landscape of the training that a recipe describes.

    Raises:
        UsageError: no theory describes its objective, the objective cannot be built, or there is no projector (D = 0).
    """
    D = recipe.projector.D
    if not D:
        raise UsageError("predict needs a last linear layer, but projector.D is 0: pass a positive --dim")
    objective = build_objective(recipe.objective.name, recipe.objective.options, D)
    landscape = landscape_of(objective, recipe.views.K, recipe.training.P, D, loss_decay(recipe.optimizer))
    if isinstance(landscape, NotCovered):
        supported = [name for name, kind in OBJECTIVES.items() if kind.theory is not Objective.theory]
        raise UsageError(
            f"no prediction for {type(objective).__name__}: {landscape.reason} (supported: {', '.join(supported)})"
        )
    return landscape


def loss_decay(optimizer: OptimizerRecipe) -> float | None:
    """γ of the term γ‖W‖² that an optimizer's weight decay adds to the loss: half of the weight decay.

    SGD, Adam and LARS add the weight decay times W to the gradient of the loss, so they come to rest where the loss
    with this term does. AdamW shrinks weights apart from the gradient, which no term of the loss does: theory makes no
    claim about its decay.

    Args:
        optimizer: as a recipe has it.

    Returns:
        γ; None where weight decay is decoupled from the loss.
    """
    return None if optimizer.name == "adamw" else optimizer.weight_decay / 2
