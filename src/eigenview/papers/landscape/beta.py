"""Modes of β-InfoNCE vanish at the predicted strengths of augmentation."""

import numpy as np
from jaxtyping import Float, Float64
from matplotlib.figure import Figure

from eigenview.objectives import BetaInfoNCE
from eigenview.papers.claims import Claim, claim
from eigenview.papers.experiment import Scale
from eigenview.papers.landscape.linear_nets import Net, normal_data, predicted_spectrum, spectra, train_weights
from eigenview.papers.outcome import Outcome
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.axes import plain_log_ticks
from eigenview.plotting.style import BLUE, FAINT, GREEN, ORANGE, PURPLE, VERMILLION, style
from eigenview.theory.landscape import critical_strengths, solve_beta_infonce

_BETA = 0.5
_DEVIATIONS = np.array([1.2, 1.0, 0.8, 0.6, 0.4])  # of the data along its axes; where β = ½, also the σ that count
_PRESENT = 1e-3  # above it an eigenvalue counts as present; theory has at least ten times that at the plotted strengths
_NEAR = 0.13  # of a transition, where its power law is read off
_COLOURS = (BLUE, GREEN, ORANGE, VERMILLION, PURPLE)


def run(scale: Scale, runs: RunCache) -> Outcome:
    """App. Fig. 2 right: all five eigenvalues of WᵀW over the deviation σ of the noise."""
    step, seeds, steps, samples = (0.15, 1, 150, 128) if scale == "smoke" else (0.05, 3, 250, 128)
    sigmas, a = np.arange(0.325, 1.3, step), _DEVIATIONS**2
    cases = [(sigma, seed) for sigma in sigmas for seed in range(seeds)]
    data = [normal_data(samples, a, seed, exactly=True) for seed in range(seeds)]
    nets = [Net(BetaInfoNCE(_BETA), data[seed], sigma, seed) for sigma, seed in cases]
    found = spectra(train_weights(nets, scale, steps, rate=0.05, runs=runs))
    found = found.reshape(len(sigmas), seeds, len(a))
    theory = np.array([_theory(sigma) for sigma in sigmas])
    critical = np.sqrt(critical_strengths(np.diag(a), np.eye(len(a)), _BETA))
    caption = (
        f"β-InfoNCE with β = {_BETA:g} on {samples} normal points of variances "
        f"{', '.join(f'{each:.2g}' for each in a)}, noise of variance σ². Dots: mean and range of {seeds} "
        f"net{'s' * (seeds > 1)}; lines: theory; dotted: predicted strengths σᵢ. Left: each eigenvalue vanishes at "
        "its σᵢ. Right: near its σᵢ it is linear in σᵢ − σ."
    )
    if scale != "gpu":
        caption += " The nets are trained by gradient descent in whitened coordinates; the paper uses Adam."
    table = {
        "sigma": np.repeat([sigma for sigma, _ in cases], len(a)),
        "seed": np.repeat([seed for _, seed in cases], len(a)),
        "mode": np.tile(np.arange(1, len(a) + 1), len(cases)),
        "trained": found.ravel(),
        "predicted": np.repeat(theory, seeds, axis=0).ravel(),
    }
    figure, claims = (
        _figure(sigmas, found, critical),
        _claims(sigmas, found, theory, critical, settled=scale != "smoke"),
    )
    return Outcome(figure, caption, table, claims, tuple(range(seeds)))


def _theory(sigma: float) -> Float64[np.ndarray, "d"]:
    a = _DEVIATIONS**2
    return predicted_spectrum(solve_beta_infonce(a, sigma**2 * np.ones(len(a)), _BETA).modes, a, sigma)


def _claims(
    sigmas: Float[np.ndarray, "n"],
    found: Float[np.ndarray, "n seeds d"],
    theory: Float[np.ndarray, "n d"],
    critical: Float[np.ndarray, "d"],
    settled: bool,
) -> tuple[Claim, ...]:
    right = (found > _PRESENT).sum(2) == (theory > 0).sum(1)[:, None]
    distances, mean = critical - sigmas[:, None], found.mean(1)
    near = (distances > 0) & (distances < _NEAR)
    slopes = [float(np.polyfit(np.log(distances[near]), np.log(of[near]), 1)[0]) / 2 for of in (mean, theory)]
    ratio = mean[theory > 0] / theory[theory > 0]
    return (
        claim(
            "critical strengths",
            "The modes of β-InfoNCE collapse at the augmentation strengths that the theory predicts.",
            f"{right.sum()} of {right.size} nets have as many eigenvalues above {_PRESENT:g} as predicted; the nets "
            f"nearest to a transition are {np.abs(distances).min():.3f} in σ away from it",
            right.all(),
        ),
        claim(
            "exponent ½",
            "√λ is the order parameter of a mode's collapse under β-InfoNCE, a transition with exponent ½.",
            f"√λ ∝ (σᵢ − σ)^{slopes[0]:.2f} within {_NEAR:g} of a transition; in theory {slopes[1]:.2f} there",
            abs(slopes[0] - 0.5) < 0.1 if settled else None,
        ),
        claim(
            "eigenvalues",
            "The theory, solved to all orders, predicts the eigenvalues of WᵀW under β-InfoNCE.",
            f"trained over predicted eigenvalues: {np.median(ratio):.2f} in the median, {ratio.min():.2f} to "
            f"{ratio.max():.2f}",
            abs(np.median(ratio) - 1) < 0.1,
        ),
    )


def _figure(
    sigmas: Float[np.ndarray, "n"], found: Float[np.ndarray, "n seeds d"], critical: Float[np.ndarray, "d"]
) -> Figure:
    smooth, close = np.linspace(sigmas[0], sigmas[-1], 400), np.geomspace(0.02, 0.2, 30)
    lines, mean = np.array([_theory(sigma) for sigma in smooth]), found.mean(1)
    least, most, root = found.min(1), found.max(1), np.sqrt(mean)
    with style():
        figure = Figure(figsize=(6.6, 2.9))
        left, right = figure.subplots(1, 2)
        for i, colour in enumerate(_COLOURS):
            left.axvline(critical[i], ymax=0.5, color=FAINT, linestyle=":", linewidth=1)
            left.plot(smooth, np.sqrt(lines[:, i]), color=colour, linewidth=1.1)
            left.errorbar(
                sigmas,
                root[:, i],
                [root[:, i] - np.sqrt(least[:, i]), np.sqrt(most[:, i]) - root[:, i]],
                fmt="o",
                color=colour,
                label=f"σᵢ = {critical[i]:.1f}",
            )
            at = (sigmas < critical[i]) & (sigmas > critical[i] - 0.2)
            spread = [(mean - least)[at, i], (most - mean)[at, i]]
            right.errorbar((critical[i] - sigmas)[at], mean[at, i], spread, fmt="o", color=colour)
            right.plot(close, [_theory(critical[i] - far)[i] for far in close], color=colour, linewidth=1.1)
        left.set(xlabel="deviation σ of the noise", ylabel="√λ of WᵀW")
        left.legend(ncols=1)
        right.set(xscale="log", yscale="log", xlabel="σᵢ − σ", ylabel="λ of WᵀW")
        plain_log_ticks(right.xaxis)
        plain_log_ticks(right.yaxis)
    return figure
