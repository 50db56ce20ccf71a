"""Lie generators: how far augmentation moves features by a linear flow, and what a projector keeps of it."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from eigenview.measures._lie_fit import fit, fit_strengths, missed, start_strengths


@dataclass(frozen=True)
class Generators:
    """Features of the second view as a flow of those of the first: h2 = exp(Σ_m ε_m G_m) h1.

    Args:
        G: the generators.
        strengths: ε of each sample; their mean square is 1 if they were fitted.
        residual: ‖h2 − exp(Σ ε_m G_m) h1‖² over ‖h2 − h1‖², summed over the samples; 0 is a perfect fit.
    """

    G: Float64[Tensor, "M d d"]
    strengths: Float64[Tensor, "P M"]
    residual: float


@dataclass(frozen=True)
class ProjectedGenerators:
    """The norm of generators after the projector, in [0, 1].

    Args:
        share: ‖WG‖ / (‖W‖·‖G‖).
        random: the same (root mean square) for a randomly rotated W, 1/√d.
    """

    share: float
    random: float


def fit_generators(
    h1: Float[Tensor, "P d"],
    h2: Float[Tensor, "P d"],
    strengths: Float[Tensor, "P M"] | None = None,
    count: int = 1,
    ridge: float = 1e-6,
    steps: int = 100,
    starts: int = 4,
    seed: int = 0,
) -> Generators:
    """Generators G_m, and strengths ε of each sample unless given, for which h2 = exp(Σ_m ε_m G_m) h1 fits best.

    Features are linear in the augmentation's parameters where the residual is near 0; the Lie model explains nothing
    where it is near 1. Fitted strengths also fit noise: take `generators_residual` on other samples. Views
    that coincide give G = 0 and residual 0. Without given strengths a sign, and for several generators an invertible
    mixture of them, is arbitrary.

    Method: strengths start from the leading directions of δh ⊗ h1 over samples (power iteration), G from zero. Each
    step solves the ridge regression of what is missing on ε·exp(½ΣεG)h1 (the linear fit δh ≈ ΣεG·h1 at first, then
    Gauss–Newton with the derivative at mid-flow), and, where they are not given, does the same for each sample's
    strengths; steps that do not lower the loss are halved, and it ends where none does. Noiseless flows are found to
    many digits. Where the model does not hold, the result is near, not at, the least squared error. Fitted strengths
    may end in a local minimum, so there are several starts (with 60 samples of d = 4 one start fails about every other
    time): compare seeds. Costs about 250·P·M·d² operations a step and start for flows of norm up to 1 (in proportion
    above), some (M·d)² matrices, and 64 MiB times 2·M + 6.

    Args:
        h1: features of the first views; more than M·d samples, or everything would fit.
        h2: features of the second views.
        strengths: ε where known, one column for each generator (`torch.ones(P, 1)`: the same for all); fitted if None.
        count: number of generators, M, if strengths are not given.
        ridge: on G, relative to the mean of the regression's eigenvalues.
        steps: maximum number of steps.
        starts: number of starts of fitted strengths; the fit with the least residual is kept.
        seed: random seed of the starts.

    Raises:
        ValueError: features or strengths are not finite or not of the same samples; too few samples; the ridge is
            negative; there are no generators.

    Source: geometry, Sec. 4 (b) and App. B (the method of fitting is ours).
    """
    M = count if strengths is None else strengths.shape[1]
    if M < 1 or starts < 1 or ridge < 0:
        raise ValueError(f"a fit needs count ≥ 1, starts ≥ 1 and ridge ≥ 0, not {M}, {starts} and {ridge}")
    _check_pairs(h1, h2, strengths)
    if len(h1) <= M * h1.shape[1]:
        raise ValueError(
            f"{M} generators of {h1.shape[1]} dimensions fit any {len(h1)} samples: more than M·d are needed"
        )
    if strengths is not None:
        return _fitted(h1, h2, strengths.detach().double(), False, ridge, steps)
    # The leading directions, then others nearby: where one start ends in a local minimum, another mostly does not.
    best = _fitted(h1, h2, start_strengths(h1, h2, M, seed), True, ridge, steps)
    for n in range(1, starts):
        if best.residual < 1e-12:
            break
        other = _fitted(h1, h2, start_strengths(h1, h2, M, seed + n, rounds=2), True, ridge, steps)
        best = other if other.residual < best.residual else best
    return best


def generators_residual(
    G: Float[Tensor, "M d d"],
    h1: Float[Tensor, "P d"],
    h2: Float[Tensor, "P d"],
    strengths: Float[Tensor, "P M"] | None = None,
) -> float:
    """Share of h2 − h1 that given generators do not explain, on samples that they were not fitted to; 0 is perfect.

    ‖h2 − exp(Σ ε_m G_m) h1‖² over ‖h2 − h1‖², strengths fitted to each sample unless given: then it is in [0, 1], and
    M random generators would leave about 1 − M/d. Views that coincide leave 0. Costs 40·P·M·d² operations for flows of
    norm up to 1, up to 80 times that if strengths are fitted, and 64 MiB times M + 6.

    Args:
        G: the generators, as `fit_generators` gives them.
        h1: features of the first views.
        h2: features of the second views.
        strengths: ε where known; fitted to each sample if None.

    Raises:
        ValueError: generators, features or strengths are not finite, or not of the same samples or dimensions.

    Source: geometry, Sec. 4 (b).
    """
    _check_pairs(h1, h2, strengths)
    if G.shape[-1] != h1.shape[1] or not torch.isfinite(G).all():
        raise ValueError(
            f"generators of {G.shape[-1]} dimensions do not fit features of {h1.shape[1]}, or are not finite"
        )
    G = G.detach().double()
    found = (
        fit_strengths(h1, h2, G, G.new_zeros(len(h1), len(G)), 20) if strengths is None else strengths.detach().double()
    )
    return _residual(h1, h2, found, G)


def projected_generators(W: Float[Tensor, "D d"], G: Float[Tensor, "*M d d"]) -> ProjectedGenerators:
    """How far W·G is from 0, ‖WG‖ / (‖W‖·‖G‖), and the same for a randomly rotated W; in [0, 1].

    0 is a projector whose null space contains the image of G: embeddings are invariant. That is sufficient, not
    necessary: embeddings are invariant too where W·G·h = c·W·h (Prop. 4.3 overlooks it). Far above `random` is a
    projector that sees the directions in which G acts. A W or G of zeros gives 0. Costs one product.

    Args:
        W: weight of the projector as torch stores it, one row for each output: z = h Wᵀ (the paper's Wᵀ).
        G: one generator, or several.

    Raises:
        ValueError: W or G is not finite, is empty, or they have different dimensions.

    Source: geometry, Prop. 4.3 (the measure of distance is ours).
    """
    if not W.numel() or not G.numel():
        raise ValueError("W or G is empty")
    if W.shape[-1] != G.shape[-2]:
        raise ValueError(f"W takes {W.shape[-1]} dimensions, but G acts on {G.shape[-2]}")
    if not (torch.isfinite(W).all() and torch.isfinite(G).all()):
        raise ValueError(f"W [{W.shape[0]}, {W.shape[1]}] or G is not finite")
    W, G = W.detach().double(), G.detach().double()
    whole = float(W.norm() * G.norm())
    return ProjectedGenerators(float((W @ G).norm()) / whole if whole else 0.0, W.shape[1] ** -0.5)


def _fitted(h1: Tensor, h2: Tensor, start: Tensor, free: bool, ridge: float, steps: int) -> Generators:
    G, strengths = fit(h1, h2, start, free, ridge, steps)
    return Generators(G, strengths, _residual(h1, h2, strengths, G))


def _residual(h1: Tensor, h2: Tensor, strengths: Tensor, G: Tensor) -> float:
    total = missed(h1, h2, torch.zeros_like(strengths), G)
    return missed(h1, h2, strengths, G) / total if total else 0.0


def _check_pairs(h1: Tensor, h2: Tensor, strengths: Tensor | None) -> None:
    if len(h1) != len(h2) or h1.shape[1] != h2.shape[1] or not h1.numel():
        raise ValueError(f"both views must have the same shape, not {tuple(h1.shape)} and {tuple(h2.shape)}")
    if strengths is not None and len(strengths) != len(h1):
        raise ValueError(f"strengths must have one row for each of {len(h1)} samples, not {len(strengths)} rows")
    if strengths is not None and not torch.isfinite(strengths).all():
        raise ValueError("strengths are not finite")
