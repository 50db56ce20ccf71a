"""What theory says of a training that has not happened."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64
from rich.console import Console

from eigenview._errors import UsageError
from eigenview.config import Recipe
from eigenview.linalg import uniform_percent_error
from eigenview.objectives import build_objective
from eigenview.predict import (
    PIXELS,
    Covariances,
    CovariancesByStrength,
    GaussianInfoNCE,
    Landscape,
    TunableParameter,
    covariances_by_strength,
    landscape_of,
)
from eigenview.theory.landscape import BetaInfoNCESolution, StationaryPoint, critical_strengths, misalignment
from eigenview.views import ViewPolicy

STEPS = (1 / 8, 1 / 4, 1 / 2, 3 / 4, 1, 3 / 2, 2)
"""Strengths that are looked at, over the one asked for."""
_NOISE = 1e-9  # shares are of [0, 1]


@dataclass(frozen=True)
class AtStrength:
    """What theory says of views of one strength.

    Args:
        strength: of the policy.
        survivors: directions that survive, were there room for all.
        over_knob: how many survive at each value of the objective's knob, if it has one.
        directions: in which features vary.
        augmentation: the share of features' variance that views add.
        misalignment: how far data and augmentation are from having the same axes.
        drowned: directions in which what views share could not be told from zero.
        clipped: the share of A0 that came out negative there, by chance, and was taken for zero.
    """

    strength: float
    survivors: int
    over_knob: tuple[int, ...]
    directions: int
    augmentation: float
    misalignment: float
    drowned: int
    clipped: float

    @property
    def told(self) -> int:
        """Survivors that can be told from chance."""
        return self.told_of(self.survivors)

    def told_of(self, survivors: int) -> int:
        """Of some survivors, those that can be told from chance: the least noisy directions survive first."""
        return min(survivors, self.directions - self.drowned)


@dataclass(frozen=True)
class Prediction:
    """What theory says of a recipe.

    Args:
        recipe: the training, with the policy that strengths are of.
        seen: how images were looked at.
        says: which theory it is, and what it assumes.
        knob: what decides how many directions survive, beside the views; None where nothing does.
        here: at the strength asked for.
        strengths: at several, rising, that one among them.
        noise_shares: r = c/(a + c) of each mode, smallest first.
        variances: that modes will have, largest first: 0 where one collapses, inf where nothing bounds it; None where
            theory does not say.
        shared: the share of that variance that views of an image have in common; None likewise.
        by_half: survivors by every other image alone, which there are enough of if it is about as many; None of fewer
            than four.
        undecayed: survivors without weight decay; None where it changes nothing but a scale.
        nats: what the objective has to carry, log P of a batch at most; None where theory does not say.
        bearable: for each mode, at how many times the variance that these views add it collapses, largest first; None
            where no amount collapses any, or theory does not say.
    """

    recipe: Recipe
    seen: CovariancesByStrength
    says: str
    knob: TunableParameter | None
    here: AtStrength
    strengths: tuple[AtStrength, ...]
    noise_shares: Float64[np.ndarray, "m"]
    variances: Float64[np.ndarray, "m"] | None
    shared: float | None
    by_half: int | None
    undecayed: int | None
    nats: float | None
    bearable: Float64[np.ndarray, "m"] | None

    @property
    def P(self) -> int:
        """Samples in a batch."""
        return self.recipe.training.P

    @property
    def D(self) -> int:
        """Dimensions of the embeddings."""
        return self.recipe.projector.D

    @property
    def kept(self) -> int:
        """Directions that survive, as far as there is room for them."""
        return min(self.here.survivors, self.D)

    @property
    def perhaps_noise(self) -> int:
        """Survivors of which views may share nothing."""
        return self.here.survivors - self.here.told

    @property
    def percent_error(self) -> float:
        """How far uniform embeddings of this P and D fall short of the bound of the nuclear norm, as a share of it."""
        return uniform_percent_error(self.P, self.D)

    def tenths(self) -> list[float | None]:
        """The strengths by which one tenth of the directions is gone, two, …, all; or cannot be told from chance.

        It is interpolated between those looked at; 0 is before the weakest of them, None beyond the strongest.
        """
        lost = [(at.strength, 1 - at.told / at.directions) for at in self.strengths]
        return [_reached(lost, tenth / 10) for tenth in range(1, 11)]


def predict(
    recipe: Recipe,
    strength: float = 1.0,
    features: str = PIXELS,
    N: int | None = None,
    K: int | None = None,
    patches: int | None = None,
    seed: int = 0,
    console: Console | None = None,
) -> Prediction:
    """Streams the covariances of features of views, and asks theory what the objective will make of them.

    Args:
        recipe: the training: data, views, objective, weight decay, P and D, and for `random-conv` the encoder.
        strength: of the recipe's policy.
        features: `pixels`; `random-conv`, the encoder before training; or a run's directory.
        N: images to look at, as for `covariances_by_strength`.
        K: views of each.
        patches: side that pixels are averaged to.
        seed: of all draws.
        console: where to show progress.

    Raises:
        UsageError: an objective that no theory covers, data that are not there, numbers that cannot be, or features
            that are not finite or do not vary.
    """
    D = recipe.projector.D
    if not D:
        raise UsageError(
            "theory is of a last linear layer, which a recipe with D = 0 lacks: give it some dimensions by --D"
        )
    objective = build_objective(recipe.objective.name, recipe.objective.options, D)
    decay = recipe.optimizer.weight_decay
    landscape = landscape_of(objective, recipe.views.K, D, decay)
    recipe.views.policy.scaled(strength)  # which raises where it cannot be
    # Batch norms of a fresh net see the views of the first.
    strengths = list(dict.fromkeys([strength, *_strengths(recipe.views.policy, strength, landscape)]))
    seen = covariances_by_strength(recipe, strengths, features, N, K, patches, seed, console)
    found = [_at(step, each, landscape) for step, each in zip(strengths, seen.covariances, strict=True)]
    covariances = seen.covariances[0]
    minimum = landscape.minimum(covariances, D)
    return Prediction(
        recipe=recipe,
        seen=seen,
        says=landscape.says,
        knob=landscape.knob,
        here=found[0],
        strengths=tuple(sorted(found, key=lambda at: at.strength)),
        noise_shares=covariances.noise_shares,
        variances=None if minimum is None else minimum.modes,
        shared=None if minimum is None else _shared(minimum, covariances.A0),
        by_half=None if seen.half is None else landscape.survivors(seen.half),
        undecayed=replace(landscape, decay=0.0).survivors(covariances) if landscape.feels_decay else None,
        nats=minimum.nats if isinstance(minimum, BetaInfoNCESolution) else None,
        bearable=_bearable(landscape, covariances),
    )


def _strengths(policy: ViewPolicy, strength: float, landscape: Landscape) -> Sequence[float]:
    """Those to look at besides: none where they change no view, or not which directions survive."""
    policy = policy if policy.blur else replace(policy, blur_sigma=(0.0, 0.0))
    scaled = [strength * step for step in STEPS]
    return scaled if landscape.knob and policy.scaled(scaled[0]) != policy.scaled(scaled[-1]) else []


def _at(strength: float, found: Covariances, landscape: Landscape) -> AtStrength:
    knob, shares = landscape.knob, found.noise_shares
    return AtStrength(
        strength=strength,
        survivors=landscape.survivors(found),
        over_knob=tuple(landscape.survivors_over(found, knob.values)) if knob else (),
        directions=len(shares),
        augmentation=float(np.trace(found.C) / np.trace(found.A0 + found.C)),
        misalignment=misalignment(found.A0, found.C),
        drowned=int((1 - shares <= max(found.chance, _NOISE)).sum()),
        clipped=found.clipped,
    )


def _shared(minimum: StationaryPoint, A0: np.ndarray) -> float | None:
    """Tr WA0Wᵀ over Tr WΣWᵀ: what is without bound outweighs the rest."""
    modes = minimum.modes
    weights = np.isinf(modes).astype(float) if np.isinf(modes).any() else modes
    of_data = np.einsum("im,ij,jm->m", minimum.directions, A0, minimum.directions)
    return float(weights @ of_data / weights.sum()) if weights.any() else None


def _bearable(landscape: Landscape, found: Covariances) -> Float64[np.ndarray, "m"] | None:
    if isinstance(landscape, GaussianInfoNCE) and landscape.beta < 1:
        # Directions that only views vary, and next to nothing, are last there, and no modes here.
        return critical_strengths(found.A0, found.C, landscape.beta)[: len(found.noise_shares)]
    return None


def _reached(lost: Sequence[tuple[float, float]], share: float) -> float | None:
    """The strength at which a share is first lost."""
    share -= 1e-12  # a tenth of ten is one
    if lost[0][1] >= share:
        return 0.0
    for (weak, before), (strong, after) in itertools.pairwise(lost):
        if after >= share:
            return weak + (strong - weak) * (share - before) / (after - before)
    return None
