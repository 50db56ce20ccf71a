"""What theory predicts of a training that has not happened."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64
from rich.console import Console

from eigenview.config import Recipe
from eigenview.linalg import uniform_percent_error
from eigenview.predict.covariances import Covariances
from eigenview.predict.landscape import Landscape, TunableParameter
from eigenview.predict.objective_landscape import landscape_of_recipe
from eigenview.predict.strengths import PIXELS, CovariancesByStrength, covariances_by_strength
from eigenview.theory.landscape import BetaInfoNCESolution, StationaryPoint, misalignment
from eigenview.theory.matrices import EIGENVALUE_ROUNDING
from eigenview.views import ViewPolicy

STEPS = (1 / 8, 1 / 4, 1 / 2, 3 / 4, 1, 3 / 2, 2)
"""The strengths of a sweep, as multiples of the one asked for."""


@dataclass(frozen=True)
class AtStrength:
    """What theory predicts for views of one strength.

    Args:
        strength: the policy's.
        survivors: directions that survive, if the last layer has room for all.
        over_parameter: survivors at each value of the landscape's parameter, if it has one.
        directions: directions in which features vary.
        augmentation: the share of features' variance that views add.
        misalignment: how far data and augmentation are from having the same axes.
        drowned: directions in which what views share is not distinguishable from zero.
        clipped: the share of A0 that came out negative there, by chance, and was set to zero.
    """

    strength: float
    survivors: int
    over_parameter: tuple[int, ...]
    directions: int
    augmentation: float
    misalignment: float
    drowned: int
    clipped: float

    @property
    def distinguishable(self) -> int:
        """Survivors that are distinguishable from noise."""
        return self.distinguishable_of(self.survivors)

    def distinguishable_of(self, survivors: int) -> int:
        """How many of some survivors are distinguishable from noise: the least noisy directions survive first."""
        return min(survivors, self.directions - self.drowned)


@dataclass(frozen=True)
class Prediction:
    """What theory predicts of a recipe.

    Args:
        recipe: the training; strengths multiply its policy.
        seen: the covariances, and how they were estimated.
        landscape: the objective's, solved.
        here: the prediction at the strength asked for.
        strengths: those at several, rising, that one among them.
        noise_shares: r = c/(a + c) of each mode, smallest first.
        variances: variances that modes will have, largest first: 0 where one collapses, inf where nothing bounds it;
            None where theory does not say.
        shared: the share of that variance that views of an image have in common; None likewise.
        by_half: survivors according to every other image alone: about as many, if there are enough images; None of
            fewer than four images.
        undecayed: survivors without weight decay; None where theory makes no claim about it, or it changes a scale
            alone.
        nats: the information that the objective asks embeddings to carry; None where theory does not say.
        bearable: for each mode, the multiple of the variance added by these views at which it collapses, largest
            first; None where no amount collapses any, or theory does not say.
    """

    recipe: Recipe
    seen: CovariancesByStrength
    landscape: Landscape
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
    def parameter(self) -> TunableParameter | None:
        """What, besides the views, decides how many directions survive; None where nothing that can be set does."""
        return self.landscape.parameter

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
        """Directions that survive and that D has room for."""
        return min(self.here.survivors, self.D)

    @property
    def perhaps_noise(self) -> int:
        """Survivors that are not distinguishable from noise."""
        return self.here.survivors - self.here.distinguishable

    @property
    def percent_error(self) -> float:
        """How far uniform embeddings of this P and D fall short of the bound of the nuclear norm, as a share of it."""
        return uniform_percent_error(self.P, self.D)

    def tenths(self) -> list[float | None]:
        """The strengths by which one tenth of the directions, two, …, all are gone or indistinguishable from noise.

        They are interpolated between the strengths of the sweep; 0 is before the weakest of them, None beyond the
        strongest.
        """
        lost = [(at.strength, 1 - at.distinguishable / at.directions) for at in self.strengths]
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
    """Streams the covariances of features of views, and solves the objective's landscape for them.

    Args:
        recipe: the training: data, views, objective, optimizer, P and D, and for `random-conv` the encoder.
        strength: multiplies the recipe's policy.
        features: `pixels`; `random-conv`, the encoder before training; or a run's directory.
        N: number of images, as for `covariances_by_strength`.
        K: views of each.
        patches: side that pixels are averaged to.
        seed: random seed.
        console: where to show progress.

    Raises:
        UsageError: an objective that no theory describes, data that cannot be read, numbers out of range, or features
            that are not finite or do not vary.
    """
    landscape = landscape_of_recipe(recipe)
    recipe.views.policy.scaled(strength)  # raises where the strength cannot be
    # Batch norms of a fresh net see the views of the first.
    strengths = list(dict.fromkeys([strength, *_strengths(recipe.views.policy, strength, landscape)]))
    seen = covariances_by_strength(recipe, strengths, features, N, K, patches, seed, console)
    found = [_at(step, each, landscape) for step, each in zip(strengths, seen.covariances, strict=True)]
    covariances = seen.covariances[0]
    minimum = landscape.minimum(covariances, recipe.projector.D)
    return Prediction(
        recipe=recipe,
        seen=seen,
        landscape=landscape,
        here=found[0],
        strengths=tuple(sorted(found, key=lambda at: at.strength)),
        noise_shares=covariances.noise_shares,
        variances=None if minimum is None else minimum.modes,
        shared=None if minimum is None else _shared(minimum, covariances.A0),
        by_half=None if seen.half is None else landscape.survivors(seen.half),
        undecayed=_undecayed(landscape, covariances),
        nats=minimum.nats if isinstance(minimum, BetaInfoNCESolution) else None,
        bearable=landscape.critical_strengths(covariances),
    )


def _strengths(policy: ViewPolicy, strength: float, landscape: Landscape) -> Sequence[float]:
    """The other strengths of the sweep: none where they change no view, or not which directions survive."""
    policy = policy if policy.blur else replace(policy, blur_sigma=(0.0, 0.0))
    scaled = [strength * step for step in STEPS]
    return [] if landscape.shape_decides or policy.scaled(scaled[0]) == policy.scaled(scaled[-1]) else scaled


def _at(strength: float, found: Covariances, landscape: Landscape) -> AtStrength:
    parameter, shares = landscape.parameter, found.noise_shares
    return AtStrength(
        strength=strength,
        survivors=landscape.survivors(found),
        over_parameter=tuple(landscape.survivors_over(found, parameter.values)) if parameter else (),
        directions=len(shares),
        augmentation=float(np.trace(found.C) / np.trace(found.A0 + found.C)),
        misalignment=misalignment(found.A0, found.C),
        drowned=int((1 - shares <= max(found.chance, EIGENVALUE_ROUNDING)).sum()),
        clipped=found.clipped,
    )


def _undecayed(landscape: Landscape, found: Covariances) -> int | None:
    if landscape.fixed_length or landscape.decay is None:
        return None
    return replace(landscape, decay=0.0).survivors(found)


def _shared(minimum: StationaryPoint, A0: np.ndarray) -> float | None:
    """Tr WA0Wᵀ over Tr WΣWᵀ: what nothing bounds outweighs the rest."""
    modes = minimum.modes
    weights = np.isinf(modes).astype(float) if np.isinf(modes).any() else modes
    of_data = np.einsum("im,ij,jm->m", minimum.directions, A0, minimum.directions)
    return float(weights @ of_data / weights.sum()) if weights.any() else None


def _reached(lost: Sequence[tuple[float, float]], share: float) -> float | None:
    """The strength at which a share is first lost."""
    share -= 1e-12  # a tenth of ten is one
    if lost[0][1] >= share:
        return 0.0
    for (weak, before), (strong, after) in itertools.pairwise(lost):
        if after >= share:
            return weak + (strong - weak) * (share - before) / (after - before)
    return None
