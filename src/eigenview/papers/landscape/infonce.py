"""The smallest modes of InfoNCE shrink with the noise, and never vanish."""

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from eigenview.objectives import WeightedInfoNCE
from eigenview.papers.claims import Claim, claim
from eigenview.papers.experiment import Scale
from eigenview.papers.landscape.linear_nets import (
    DIMENSIONS,
    SAMPLES,
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
from eigenview.plotting.style import BLUE, GREEN, INK, ORANGE, style
from eigenview.theory.landscape import solve_beta_infonce

_SHOWN = 3
_STRONG = 2.5  # σ from which on the power law is read off: well above the data's deviation, 1


def run(scale: Scale, runs: RunCache) -> Outcome:
    """App. Fig. 2 left: the three smallest eigenvalues of WᵀW over the deviation σ of the noise."""
    (d, N), number, seeds, steps = ((8, 50), 4, 1, 200) if scale == "smoke" else ((DIMENSIONS, SAMPLES), 7, 3, 600)
    sigmas = np.geomspace(1, 8, number)
    data = [normal_data(N, np.ones(d), seed) for seed in range(seeds)]
    cases = [(sigma, seed) for sigma in sigmas for seed in range(seeds)]
    nets = [Net(WeightedInfoNCE(1.0), data[seed], sigma, seed) for sigma, seed in cases]
    found = spectra(train_weights(nets, scale, steps, rate=0.015, runs=runs))
    theory = np.array([_theory(data[seed], sigma) for sigma, seed in cases])
    found, theory = (of[:, -_SHOWN:].reshape(number, seeds, _SHOWN) for of in (found, theory))
    caption = (
        f"InfoNCE on {N} points of N(0, I) in {d} dimensions. Dots: mean and range of {seeds} "
        f"net{'s' * (seeds > 1)}, each trained on its own data; lines: the solution for their covariances; dashed: "
        "σ⁻⁴."
    )
    if scale != "gpu":
        caption += " The nets are trained by gradient descent in whitened coordinates; the paper uses Adam."
    table = {
        "sigma": np.repeat([sigma for sigma, _ in cases], _SHOWN),
        "seed": np.repeat([seed for _, seed in cases], _SHOWN),
        "from the smallest": np.tile(np.arange(_SHOWN, 0, -1), len(cases)),
        "trained": found.ravel(),
        "predicted": theory.ravel(),
    }
    return Outcome(_figure(sigmas, found, theory), caption, table, _claims(sigmas, found, theory), tuple(range(seeds)))


def _theory(x: Float[np.ndarray, "N d"], sigma: float) -> Float[np.ndarray, "d"]:
    a = clean_variances(x)
    return predicted_spectrum(solve_beta_infonce(a, np.full(len(a), sigma**2)).modes, a, sigma)


def _claims(
    sigmas: Float[np.ndarray, "n"], found: Float[np.ndarray, "n seeds m"], theory: Float[np.ndarray, "n seeds m"]
) -> tuple[Claim, ...]:
    ratio, strong = found / theory, sigmas > _STRONG
    powers = [
        float(np.polyfit(np.log(sigmas[strong]), np.log(of[strong]).mean((1, 2)), 1)[0]) for of in (found, theory)
    ]
    return (
        claim(
            "σ⁻⁴ law",
            "The smallest eigenvalues of WᵀW under InfoNCE are proportional to σ⁻⁴ (misprinted as σ⁴).",
            f"the eigenvalues are ∝ σ^{powers[0]:.2f} from σ = {sigmas[strong][0]:.1f} to {sigmas[-1]:g}; in theory "
            f"σ^{powers[1]:.2f}",
            abs(powers[0] + 4) < 0.4,
        ),
        claim(
            "no collapse",
            "No mode collapses under InfoNCE, however strong the augmentation.",
            f"the smallest eigenvalue is {found.min():.1g}, at σ = {sigmas[found.min((1, 2)).argmin()]:g}; every "
            f"eigenvalue is at least {ratio.min():.2f} times the predicted one",
            ratio.min() > 0.2,
        ),
        claim(
            "eigenvalues",
            "The theory, solved to all orders, predicts the eigenvalues of WᵀW under InfoNCE.",
            f"trained over predicted eigenvalues: {np.median(ratio):.2f} in the median, {ratio.min():.2f} to "
            f"{ratio.max():.2f}",
            abs(np.median(ratio) - 1) < 0.15,
        ),
    )


def _figure(
    sigmas: Float[np.ndarray, "n"], found: Float[np.ndarray, "n seeds m"], theory: Float[np.ndarray, "n seeds m"]
) -> Figure:
    mean = found.mean(1)
    with style():
        figure = Figure(figsize=(4.6, 3.0))
        axes = figure.subplots()
        names = ("third smallest", "second smallest", "smallest")
        for i, (name, colour) in enumerate(zip(names, (GREEN, ORANGE, BLUE), strict=True)):
            spread = [(mean - found.min(1))[:, i], (found.max(1) - mean)[:, i]]
            axes.errorbar(sigmas, mean[:, i], spread, fmt="o", color=colour, label=name)
            axes.plot(sigmas, theory.mean(1)[:, i], color=colour, linewidth=1.1)
        axes.plot(sigmas, 2 * mean[-1].max() * (sigmas / sigmas[-1]) ** -4.0, "--", color=INK, linewidth=1, label="σ⁻⁴")
        axes.set(xscale="log", yscale="log", xlabel="deviation σ of the noise", ylabel="λ of WᵀW")
        plain_log_ticks(axes.xaxis)
        plain_log_ticks(axes.yaxis)
        axes.legend(loc="lower left")
    return figure
