"""Estimates of a mixture's entropy beside the true entropy."""

from math import e, log, pi

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.linalg import solve_triangular
from scipy.spatial.distance import pdist
from scipy.special import logsumexp

from eigenview.measures import log_det_entropy, pairwise_entropy
from eigenview.papers.claims import Claim, claim
from eigenview.papers.experiment import Scale
from eigenview.papers.outcome import Outcome
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.axes import plain_log_ticks
from eigenview.plotting.style import BLUE, GREEN, INK, VERMILLION, style
from eigenview.theory.information import mixture_entropy

COMPONENTS, DIMENSIONS = 16, (2, 8, 32)
FAR = 20.0  # standard deviations between the closest two means
NAMES = ("covariances", "D", "separation", "seed", "closest pair", "true", "error", "Bhattacharyya", "KL", "LogDet")
_CLOSEST, _TRUE = 4, 5


def run(scale: Scale, runs: RunCache) -> Outcome:
    """Sec. 2: bounds on a mixture's entropy by pairs of components, and by its covariance, around the true entropy."""
    seeds, draws, points = (2, 100, 7) if scale == "smoke" else (5, 1000, 21)
    separations = np.geomspace(0.1, 100, points)
    rows = [
        (kind, D, float(s), seed, *_entropies(kind, D, float(s), seed, draws))
        for kind in ("equal", "unequal")
        for D in DIMENSIONS
        for s in separations
        for seed in range(seeds)
    ]
    numbers = np.array([row[_TRUE:] for row in rows]).reshape(2, len(DIMENSIONS), points, seeds, 5)
    with style():
        figure = Figure(figsize=(6.6, 2.9))
        for axes, D, found in zip(
            figure.subplots(1, len(DIMENSIONS), sharey=True), DIMENSIONS, numbers[1], strict=True
        ):
            _draw(axes, separations, found)
            axes.set_title(f"D = {D}")
            axes.set_ylabel("nats" if figure.axes.index(axes) else "entropy over the components' (nats)")
        figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    caption = (
        f"Mixtures of {COMPONENTS} equally likely normal distributions in D dimensions with random means and "
        "different covariances (Wishart with 2D degrees of freedom, mean I). Plotted is the entropy minus the "
        f"components' mean entropy: the information about the component, at most log {COMPONENTS}. Mean and standard "
        f"deviation over {seeds} mixtures; the true entropy is a Monte Carlo mean over {COMPONENTS * draws:,} "
        "samples. The table also has mixtures of equal covariances."
    )
    table = dict(zip(NAMES, zip(*rows, strict=True), strict=True))
    return Outcome(figure, caption, {**table}, _claims(rows, separations), tuple(range(seeds)))


def _entropies(kind: str, D: int, separation: float, seed: int, draws: int) -> tuple[float, ...]:
    """Distance of the closest means; entropy, its standard error and its estimates, minus the components' entropy."""
    generator = np.random.default_rng([seed, D])
    mu = separation / (2 * D) ** 0.5 * generator.normal(size=(COMPONENTS, D))
    if kind == "equal":
        Sigma = np.repeat(np.eye(D)[None], COMPONENTS, axis=0)
        x, components = torch.from_numpy(mu), D / 2 * log(2 * pi * e)
        pairs = pairwise_entropy(x, variance=1.0)
        lower, upper, log_det = pairs.lower, pairs.upper, components + log_det_entropy(x, ridge=1.0)
    else:
        factors = generator.normal(size=(COMPONENTS, D, 2 * D))
        Sigma = factors @ factors.mT / (2 * D)
        bounds = mixture_entropy(mu, Sigma)
        components, lower, upper, log_det = bounds.components, bounds.lower, bounds.upper, bounds.log_det
    true, error = _information(mu, Sigma, draws, generator)
    return float(pdist(mu).min()), true, error, lower - components, upper - components, log_det - components


def _information(
    mu: Float[np.ndarray, "N D"], Sigma: Float[np.ndarray, "N D D"], draws: int, generator: np.random.Generator
) -> tuple[float, float]:
    """Mean of log p(x|i)/p(x) over samples from each component, with its standard error: the entropy's inexact part."""
    N, D = mu.shape
    L = np.linalg.cholesky(Sigma)
    x = mu[:, None] + generator.normal(size=(N, draws, D)) @ L.mT
    logs = np.empty((N, N, draws))
    for j in range(N):
        white = solve_triangular(L[j], (x - mu[j]).reshape(-1, D).T, lower=True)
        logs[j] = -np.square(white).sum(0).reshape(N, draws) / 2 - np.log(np.diagonal(L[j])).sum()
    own = np.stack([logs[i, i] for i in range(N)])
    ratios = log(N) + own - logsumexp(logs, axis=0)
    return float(ratios.mean()), float(np.sqrt(ratios.var(1, ddof=1).mean() / ratios.size))


def _draw(axes: Axes, separations: np.ndarray, found: Float[np.ndarray, "points seeds 5"]) -> None:
    kinds = (("LogDet", 4, GREEN), ("KL", 3, VERMILLION), ("true", 0, INK), ("Bhattacharyya", 2, BLUE))
    for name, i, colour in kinds:
        mean, spread = found[..., i].mean(1), found[..., i].std(1)
        axes.plot(separations, mean, color=colour, label=name, linestyle="--" if name == "true" else "-", zorder=3)
        axes.fill_between(separations, mean - spread, mean + spread, color=colour, alpha=0.2, linewidth=0)
    axes.set(xscale="log", xlabel="distance of means (σ)", ylim=(-0.2, 2.5 * log(COMPONENTS)))
    plain_log_ticks(axes.xaxis)


def _claims(rows: list[tuple], separations: np.ndarray) -> tuple[Claim, ...]:
    numbers = np.array([row[_TRUE:] for row in rows])
    true, error, lower, upper, log_det = numbers.T
    noise = 4 * error + 1e-9
    under, over, beyond = (
        int(each.sum()) for each in (upper < true - noise, lower > true + noise, log_det < true - noise)
    )
    far = np.array([row[_CLOSEST] > FAR for row in rows])
    same = np.array([row[2] == separations[0] and row[0] == "equal" for row in rows])
    ends = float(max((upper - lower)[far].max(), (upper - lower)[same].max()))
    between = ~far & (true > 0.2) & (true < log(COMPONENTS) - 0.2)
    closer = [float(np.mean((upper < log_det)[chosen])) for chosen in (between, far)]
    return (
        claim(
            "pairwise bounds",
            "The pairwise estimate of a mixture's entropy is an upper bound with KL divergences and a lower bound "
            "with Bhattacharyya distances.",
            f"of {len(rows)} mixtures, KL is below the true entropy for {under} and Bhattacharyya above it for "
            f"{over} (by more than 4 standard errors; a standard error is at most {error.max():.1g})",
            not under and not over,
        ),
        claim(
            "LogDet bound",
            "The entropy of the normal distribution with the mixture's covariance (LogDet) is an upper bound on the "
            "mixture's entropy.",
            f"LogDet is below the true entropy for {beyond} of {len(rows)} mixtures; it is above by "
            f"{(log_det - true)[far].mean():.2g} nats on average where all means are at least {FAR:g} standard "
            "deviations apart",
            not beyond,
        ),
        claim(
            "bounds meet",
            "The two pairwise bounds on a mixture's entropy meet where the components coincide, and where they are "
            "far apart.",
            f"the bounds differ by at most {ends:.2g} nats there ({same.sum()} and {far.sum()} mixtures, the latter "
            f"with all means at least {FAR:g} standard deviations apart), by up to {(upper - lower).max():.2g} nats "
            "elsewhere",
            ends < 0.01,
        ),
        claim(
            "tighter than LogDet",
            "Of the two upper bounds on a mixture's entropy, KL is tighter than LogDet where the components are far "
            "apart (ours).",
            f"KL is below LogDet for {closer[1]:.0%} of mixtures with all means at least {FAR:g} standard deviations "
            f"apart, and for {closer[0]:.0%} of those whose components overlap in part",
            closer[1] == 1.0,
        ),
    )
