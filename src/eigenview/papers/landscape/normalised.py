"""With normalised outputs the smallest modes vanish early."""

import numpy as np
from jaxtyping import Float, Int
from matplotlib.figure import Figure

from eigenview.objectives import InfoNCE
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
from eigenview.theory.landscape import solve_normalized_infonce

_SHOWN = 3
_PRESENT = 1e-3  # of the largest eigenvalue


def run(scale: Scale, runs: RunCache) -> Outcome:
    """Fig. 3: the three smallest eigenvalues of WᵀW over the noise's variance σ², for f/‖f‖."""
    d, N, (number, seeds, steps) = DIMENSIONS, SAMPLES, (3, 1, 250) if scale == "smoke" else (9, 3, 400)
    variances = np.geomspace(0.003, 0.3, number)
    data = [normal_data(N, np.ones(d), seed) for seed in range(seeds)]
    cases = [(variance, seed) for variance in variances for seed in range(seeds)]
    objective = InfoNCE(1.0, similarity="cosine", negatives="other")
    nets = [Net(objective, data[seed], variance**0.5, seed) for variance, seed in cases]
    weights = train_weights(nets, scale, steps, rate=0.1, runs=runs)
    lengths = [_mean_square(W, net) for W, net in zip(weights, nets, strict=True)]
    found = (spectra(weights) / np.array(lengths)[:, None]).reshape(number, seeds, d)
    theory = np.array([_theory(data[seed], variance) for variance, seed in cases]).reshape(number, seeds, d)
    least = np.array([clean_variances(x)[-1] for x in data])
    caption = (
        f"InfoNCE of f/‖f‖ on {N} points of N(0, I) in {d} dimensions; W is scaled to E‖f‖² = 1. Dots: mean and "
        f"range of {seeds} net{'s' * (seeds > 1)}, each trained on its own data; lines: theory, which fixes the mean "
        "squared length instead of each length. Left: the three smallest eigenvalues; dotted: the smallest variance "
        "of the data. Right: the number of modes."
    )
    if scale != "gpu":
        caption += " The nets are trained by gradient descent in whitened coordinates; the paper uses Adam."
    table = {
        "variance": np.repeat([variance for variance, _ in cases], d),
        "seed": np.repeat([seed for _, seed in cases], d),
        "mode": np.tile(np.arange(1, d + 1), len(cases)),
        "trained": found.ravel(),
        "predicted": theory.ravel(),
    }
    claims = _claims(variances, found, theory, least, settled=scale != "smoke")
    return Outcome(_figure(variances, found, theory, least), caption, table, claims, tuple(range(seeds)))


def _mean_square(W: Float[np.ndarray, "d d"], net: Net) -> float:
    return float(np.trace(W @ np.cov(net.x.T) @ W.T) + net.sigma**2 * (W * W).sum())


def _theory(x: Float[np.ndarray, "N d"], variance: float) -> Float[np.ndarray, "d"]:
    a = clean_variances(x)
    return predicted_spectrum(solve_normalized_infonce(a, np.full(len(a), variance)).modes, a, variance**0.5)


def _numbers(spectra: Float[np.ndarray, "n seeds d"]) -> Int[np.ndarray, "n seeds"]:
    return (spectra > _PRESENT * spectra.max(2, keepdims=True)).sum(2)


def _claims(
    variances: Float[np.ndarray, "n"],
    found: Float[np.ndarray, "n seeds d"],
    theory: Float[np.ndarray, "n seeds d"],
    least: Float[np.ndarray, "seeds"],
    settled: bool,
) -> tuple[Claim, ...]:
    numbers, expected = _numbers(found), _numbers(theory)
    d = found.shape[2]
    gone = np.array([variances[of < d].min(initial=np.inf) for of in numbers.T])
    off = numbers - expected
    return (
        claim(
            "early collapse",
            "With normalised outputs the smallest modes collapse well before the noise reaches the smallest "
            "variance of the data.",
            f"a mode has collapsed by σ² = {gone.max():.3f} at the latest; the smallest variance of the data is at "
            f"least {least.min():.2f}",
            (gone < least / 2).all(),
        ),
        claim(
            "number of modes",
            "With normalised outputs the theory, which fixes only their mean squared length, predicts the number of "
            "modes to within a tenth of all.",
            f"number of modes, trained minus predicted: {off.mean():+.1f} of {d} on average, {off.min():+d} to "
            f"{off.max():+d}",
            np.abs(off).max() <= 0.1 * d if settled else None,
        ),
    )


def _figure(
    variances: Float[np.ndarray, "n"],
    found: Float[np.ndarray, "n seeds d"],
    theory: Float[np.ndarray, "n seeds d"],
    least: Float[np.ndarray, "seeds"],
) -> Figure:
    mean, lines = found.mean(1), theory.mean(1)
    numbers, expected = _numbers(found), _numbers(theory)
    with style():
        figure = Figure(figsize=(6.6, 2.9))
        left, right = figure.subplots(1, 2)
        names = ("third smallest", "second smallest", "smallest")
        for i, (name, colour) in enumerate(zip(names, (GREEN, ORANGE, BLUE), strict=True), -_SHOWN):
            spread = [(mean - found.min(1))[:, i], (found.max(1) - mean)[:, i]]
            left.errorbar(variances, mean[:, i], spread, fmt="o", color=colour, label=name)
            left.plot(variances, lines[:, i], color=colour, linewidth=1.1)
        left.axvline(least.mean(), color=INK, linestyle=":", linewidth=1.1)
        left.set(xscale="log", xlabel="variance σ² of the noise", ylabel="λ of WᵀW, for E‖f‖² = 1")
        left.legend()
        spread = [numbers.mean(1) - numbers.min(1), numbers.max(1) - numbers.mean(1)]
        right.errorbar(variances, numbers.mean(1), spread, fmt="o", color=BLUE, label="trained")
        right.plot(variances, expected.mean(1), color=INK, linewidth=1.1, label="theory")
        right.set(xscale="log", ylim=(0, None), xlabel="variance σ² of the noise", ylabel="modes")
        right.legend(loc="lower left")
        plain_log_ticks(left.xaxis)
        plain_log_ticks(right.xaxis)
    return figure
