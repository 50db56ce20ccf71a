"""The loss of nonlinear nets along their last layer."""

import numpy as np
from matplotlib.figure import Figure
from torch import nn

from eigenview.objectives import BetaInfoNCE, InfoNCE
from eigenview.papers.claims import Claim, claim
from eigenview.papers.experiment import Scale
from eigenview.papers.landscape.two_outputs import INPUTS, POINTS, WIDTH, OutputSlice, train_output_slice
from eigenview.papers.outcome import Outcome
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.style import BLUE, INK, VERMILLION, style
from eigenview.theory.landscape import slice_by_rows, slice_by_scale

STRENGTHS = {"weak": 1.2, "intermediate": 1.36, "strong": 1.6}
EYE = np.eye(2)


def run(scale: Scale, runs: RunCache) -> Outcome:
    """Fig. 4: the loss over a rescaled last layer, of nets with a nonlinearity, beside its expansion at the origin."""
    steps, views, grid = (200, 4, 9) if scale == "smoke" else (2500, 20, 31)
    infonce = InfoNCE(temperature=1.0, similarity="euclidean", negatives="other")
    nets = {"tanh": nn.Tanh, "ReLU": nn.ReLU}
    lines = {name: train_output_slice(net, 2.0, infonce, steps, views) for name, net in nets.items()}
    planes = {
        name: train_output_slice(nn.Tanh, noise, BetaInfoNCE(0.5), steps, views) for name, noise in STRENGTHS.items()
    }
    a, r = np.linspace(-1.2, 1.2, 2 * grid + 1), np.linspace(-1.4, 1.4, grid)
    along = {name: slice_by_scale(cut.loss, EYE, a).losses for name, cut in lines.items()}
    over = {name: slice_by_rows(cut.loss, EYE, r, r).losses for name, cut in planes.items()}
    over = {name: losses - losses[grid // 2, grid // 2] for name, losses in over.items()}
    theory = {name: np.array([cut.effective.value(each * EYE) for each in a]) for name, cut in lines.items()}
    with style():
        figure = Figure(figsize=(6.6, 4.8))
        panels = figure.subplot_mosaic("AAABBB;CCDDEE", height_ratios=(5, 6))
        panels = dict(zip((*lines, *planes), panels.values(), strict=True))
        for name, losses in along.items():
            axes = panels[name]
            axes.plot(a, losses - losses[grid], color=BLUE, label=f"loss ({name})")
            axes.plot(a, theory[name], color=VERMILLION, linestyle="--", label="to fourth order")
            axes.set(xlabel="a, where W is multiplied by it", ylabel="loss over that at 0")
            axes.set_ylim(1.3 * float((losses - losses[grid]).min()), -2.5 * float((losses - losses[grid]).min()))
            axes.legend(loc="upper center")
        for name, losses in over.items():
            axes = panels[name]
            expected = [[planes[name].effective.value(np.diag([one, other])) for one in r] for other in r]
            axes.contourf(r, r, losses.T, np.linspace(-0.1, 0.1, 21), cmap="RdBu_r", extend="both")
            axes.contour(r, r, losses.T, [0.0], colors=INK, linewidths=1.2)
            axes.contour(r, r, expected, [0.0], colors=VERMILLION, linewidths=1.2, linestyles="--")
            axes.set(xlabel="r1", ylabel="r2", title=f"{name}: σ = {STRENGTHS[name]:g}", aspect="equal")
    claims = (*_of_lines(lines, along, theory, a), *_of_planes(scale, planes))
    table = {"a": a, **{f"loss of {name}": losses for name, losses in along.items()}}
    table |= {f"to fourth order of {name}": losses for name, losses in theory.items()}
    caption = (
        f"{POINTS} points of N(0, I) in {INPUTS} dimensions, views with Gaussian noise σ, nets of three layers of "
        f"width {WIDTH} and two outputs, {steps:,} steps of SGD. The outputs are rotated to their principal axes, "
        "which does not change the loss, and have unit variance at a, r1, r2 = 1. Top: InfoNCE, σ = 2. Bottom: tanh "
        "nets under β-InfoNCE with β = ½, as the paper does not name the loss and InfoNCE never collapses; blue is "
        "lower than the origin, lines are level with it (dashed: to fourth order). The data are isotropic, so that "
        "both outputs collapse at nearly the same σ; the intermediate strength lies between the two."
    )
    return Outcome(figure, caption, table, claims)


def _of_lines(
    lines: dict[str, OutputSlice], along: dict[str, np.ndarray], theory: dict[str, np.ndarray], a: np.ndarray
) -> tuple[Claim, ...]:
    odd = max(float(np.abs(losses - losses[::-1]).max() / np.ptp(losses)) for losses in along.values())
    least = {name: abs(float(a[losses.argmin()])) for name, losses in along.items()}
    curves = {name: (cut.curvature(1.0, 1.0), -float(np.trace(cut.effective.B))) for name, cut in lines.items()}
    depth = {name: float(theory[name].min() / (along[name].min() - along[name][len(a) // 2])) for name in along}
    return (
        claim(
            "even in W",
            "The loss does not change with the sign of the last layer's weight W, so that its expansion has no odd "
            "order.",
            f"losses at a and −a differ by at most {odd:.1g} of their range",
            odd < 1e-6,
        ),
        claim(
            "like linear nets",
            "Along the last layer the landscape of nonlinear nets is like that of linear ones: a maximum between "
            "two minima.",
            "; ".join(
                f"{name}: lowest at a = ±{least[name]:.2f}, second order {found:.2f} a² (predicted {expected:.2f}), "
                f"predicted depth {depth[name]:.0%} of the actual"
                for name, (found, expected) in curves.items()
            ),
            all(found < 0 and 0 < least[name] < a[-1] for name, (found, _) in curves.items()),
        ),
        claim(
            "second order",
            "The second order of the loss at the last layer's origin is given by B of the layer's inputs, whatever "
            "net computes them.",
            "; ".join(
                f"{name}: second order off by {abs(found / expected - 1):.1%}"
                for name, (found, expected) in curves.items()
            ),
            all(abs(found / expected - 1) < 0.1 for found, expected in curves.values()),
        ),
    )


def _of_planes(scale: Scale, planes: dict[str, OutputSlice]) -> tuple[Claim, ...]:
    grows = {name: [cut.curvature(*each) < 0 for each in ((1.0, 0.0), (0.0, 1.0))] for name, cut in planes.items()}
    alive = {name: cut.spread > 0.05 for name, cut in planes.items()}
    spreads = ", ".join(f"{cut.spread[0]:.2g} and {cut.spread[1]:.2g} ({name})" for name, cut in planes.items())
    return (
        claim(
            "three regimes",
            "With stronger augmentation the last layer's origin becomes stable along one output, then along both.",
            "number of outputs along which the loss falls from the origin: "
            + ", ".join(f"{sum(g)} ({name})" for name, g in grows.items()),
            None if scale == "smoke" else [sum(each) for each in grows.values()] == [2, 1, 0],
        ),
        claim(
            "collapse where stable",
            "The outputs along which the last layer's origin is stable collapse, and no others do.",
            f"standard deviations of the two outputs after training: {spreads}",
            None if scale == "smoke" else all((alive[name] == grows[name]).all() for name in planes),
        ),
    )
