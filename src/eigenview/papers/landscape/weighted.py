"""Weighted InfoNCE, over the size of the data: a printed collapse that its loss does not have."""

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from eigenview.objectives import WeightedInfoNCE
from eigenview.papers.claims import Claim, claim
from eigenview.papers.experiment import Scale
from eigenview.papers.landscape.linear_nets import (
    DIMENSIONS,
    Net,
    clean_variances,
    normal_data,
    predicted_spectrum,
    spectra,
    train_weights,
)
from eigenview.papers.outcome import Outcome
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.axes import plain_log_ticks
from eigenview.plotting.style import BLUE, FAINT, INK, VERMILLION, style
from eigenview.theory.landscape import printed_critical_sizes, solve_beta_infonce

_ALPHAS, _SIGMA = (0.1, 1.0), 5.0
_GONE = 1e-3  # of the eigenvalue that there would be


def run(scale: Scale, runs: RunCache) -> Outcome:
    """App. Fig. 2 middle: the smallest eigenvalues of WᵀW over the number of points, α = 0.1 and σ = 5."""
    d, sizes, seeds, steps = (
        (8, (20, 60), 1, 200) if scale == "smoke" else (DIMENSIONS, (80, 105, 139, 183, 240), 2, 3000)
    )
    data = {(N, seed): normal_data(N, np.ones(d), seed) for N in sizes for seed in range(seeds)}
    cases = [(alpha, *of) for alpha in _ALPHAS for of in data]
    nets = [Net(WeightedInfoNCE(alpha), data[N, seed], _SIGMA, seed) for alpha, N, seed in cases]
    found = spectra(train_weights(nets, scale, steps, rate=0.02, runs=runs))
    theory = np.array([_theory(data[N, seed]) for _, N, seed in cases])
    printed = np.array([_printed(data[N, seed]) for _, N, seed in cases])  # the largest critical size
    shape = (len(_ALPHAS), len(sizes), seeds)
    smallest, derived = found[:, -1].reshape(shape), theory[:, -1].reshape(shape)
    critical = printed.reshape(shape)[0]
    caption = (
        f"Weighted InfoNCE on N points of N(0, I) in {d} dimensions, σ = {_SIGMA:g}. Dots: the smallest eigenvalue, "
        f"mean and range of {seeds} net{'s' * (seeds > 1)}, each trained on its own data; line: the derived theory, "
        "in which α does not matter; shaded: sizes at which a mode has collapsed in the printed theory, in which α "
        "= 0.1 has a critical size."
    )
    if scale != "gpu":
        caption += " The nets are trained by gradient descent in whitened coordinates; the paper uses Adam."
    table = {
        "alpha": [alpha for alpha, _, _ in cases],
        "N": [N for _, N, _ in cases],
        "seed": [seed for _, _, seed in cases],
        "trained": found[:, -1],
        "derived": theory[:, -1],
        "printed critical size": [
            size if alpha < 1 else 0.0 for (alpha, _, _), size in zip(cases, printed, strict=True)
        ],
    }
    claims, figure = _claims(sizes, smallest, derived, critical), _figure(sizes, smallest, derived, critical)
    return Outcome(figure, caption, table, claims, tuple(range(seeds)))


def _theory(x: Float[np.ndarray, "N d"]) -> Float[np.ndarray, "d"]:
    a = clean_variances(x)
    return predicted_spectrum(solve_beta_infonce(a, np.full(len(a), _SIGMA**2)).modes, a, _SIGMA)


def _printed(x: Float[np.ndarray, "N d"]) -> float:
    a = np.diag(clean_variances(x))
    return float(printed_critical_sizes(a, _SIGMA**2 * np.eye(len(a)), _ALPHAS[0])[0])


def _claims(
    sizes: tuple[int, ...],
    smallest: Float[np.ndarray, "alphas n seeds"],
    derived: Float[np.ndarray, "alphas n seeds"],
    critical: Float[np.ndarray, "n seeds"],
) -> tuple[Claim, ...]:
    doomed = np.array(sizes)[:, None] < critical
    between, left = smallest[0] / smallest[1], smallest / derived
    return (
        claim(
            "collapse with α = 0.1",
            "Under weighted InfoNCE with α = 0.1 the smallest modes collapse below a critical number of points.",
            f"of {doomed.sum()} nets below that number, by B = A₀ − (1 − α)C/N as printed, the smallest eigenvalue "
            f"has vanished in {(between[doomed] < _GONE).sum()}; it is {between[doomed].min():.2f} to "
            f"{between[doomed].max():.2f} times that with α = 1",
            doomed.any() and (between[doomed] < _GONE).all(),
        ),
        claim(
            "no collapse with any α",
            "The noise cancels in B of weighted InfoNCE for any α, and no mode collapses at any number of points "
            "(ours, derived anew).",
            f"the smallest eigenvalue is {left[0].min():.2f} to {left[0].max():.2f} times the predicted one with α = "
            f"0.1, {left[1].min():.2f} to {left[1].max():.2f} times with α = 1; with α = 0.1 it is "
            f"{np.median(between):.2f} times that with α = 1 in the median",
            left.min() > 0.2 and abs(np.median(between) - 1) < 0.1,
        ),
    )


def _figure(
    sizes: tuple[int, ...],
    smallest: Float[np.ndarray, "alphas n seeds"],
    derived: Float[np.ndarray, "alphas n seeds"],
    critical: Float[np.ndarray, "n seeds"],
) -> Figure:
    with style():
        figure = Figure(figsize=(4.6, 3.0))
        axes = figure.subplots()
        doomed = [N for N, size in zip(sizes, critical.mean(1), strict=True) if size > N]
        if doomed:
            last = doomed[-1]
            after = next((N for N in sizes if last < N), last)
            axes.axvspan(
                sizes[0] * 0.93, (last * after) ** 0.5, color=FAINT, alpha=0.2, linewidth=0, label="printed: gone"
            )
        axes.plot(sizes, derived[0].mean(1), color=INK, linewidth=1.1, label="derived")
        for alpha, of, colour, shift in zip(_ALPHAS, smallest, (VERMILLION, BLUE), (0.985, 1.015), strict=True):
            mean = of.mean(1)
            spread = [mean - of.min(1), of.max(1) - mean]
            axes.errorbar(np.array(sizes) * shift, mean, spread, fmt="o", color=colour, label=f"α = {alpha:g}")
        axes.set(xscale="log", yscale="log", xlabel="points N", ylabel="smallest λ of WᵀW")
        plain_log_ticks(axes.yaxis)
        axes.set_xticks(sizes, [str(N) for N in sizes])
        axes.minorticks_off()
        axes.legend(loc="lower right")
    return figure
