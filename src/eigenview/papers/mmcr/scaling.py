"""Percent error over training, as a power of the compute."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eigenview.papers.claims import Claim, claim
from eigenview.papers.experiment import Scale
from eigenview.papers.mmcr.sweep import GRIDS, Cell, describe_setting, train_cells
from eigenview.papers.outcome import Outcome
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.axes import plain_log_ticks
from eigenview.plotting.style import BLUE, INK, VERMILLION, style
from eigenview.theory.scaling import FitError, PowerLaw, fit_power_law
from eigenview.training import flops_of_step

FIRST = 0.05
"""Share of the first steps that fits leave out, since the learning rate still rises."""


@dataclass(frozen=True)
class Curve:
    """Percent errors over training at one shape, and the power law fitted to them; None if no law can be fitted."""

    cell: Cell
    operations: Float[np.ndarray, "T"]
    errors: Float[np.ndarray, "T"]
    law: PowerLaw | None

    @property
    def diagonal(self) -> bool:
        """Whether P = D."""
        return self.cell.shape.P == self.cell.shape.D

    @property
    def fall(self) -> float:
        """The power of the operations by which the error falls from the first to the last quarter of training."""
        quarter = max(1, len(self.errors) // 4)
        (x, y), (x_last, y_last) = (
            (np.log(self.operations[part]).mean(), np.log(self.errors[part]).mean())
            for part in (slice(quarter), slice(-quarter, None))
        )
        return float((y - y_last) / (x_last - x))


def run(scale: Scale, runs: RunCache) -> Outcome:
    """Fig. 4: percent error against training operations at each shape, with fits of E + a F^(−b)."""
    views, curves = GRIDS[scale].K, [_curve(cell, GRIDS[scale].steps) for cell in train_cells(scale, runs)]
    with style():
        figure = Figure(figsize=(6.6, 3.1))
        for axes, K in zip(np.ravel(figure.subplots(1, len(views), sharey=True)), views, strict=True):
            _draw(axes, [curve for curve in curves if curve.cell.shape.K == K])
            axes.set(title=f"K = {K}", xlabel="training operations (FLOP)", ylabel="percent error (share)")
        figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=3)
    rows = [
        (*(getattr(curve.cell.shape, name) for name in "PDK"), float(x), float(y), _at(curve.law, float(x)))
        for curve in curves
        for x, y in zip(curve.operations, curve.errors, strict=True)
    ]
    table = dict(zip(("P", "D", "K", "operations", "percent error", "law"), zip(*rows, strict=True), strict=True))
    caption = (
        f"{describe_setting(scale)} Dashed: fits of E + a·F^(−b), with a floor E for each shape, without the first "
        f"{FIRST:.0%} of the steps. Operations are those of convolutions and matrix products, forward and backward."
    )
    return Outcome(figure, caption, {**table}, _claims(scale, curves, views))


def _curve(cell: Cell, steps: int) -> Curve:
    kept = cell.steps > FIRST * steps
    operations, errors = cell.steps[kept] * float(flops_of_step(cell.run.recipe)), cell.errors[kept]
    try:
        law = fit_power_law(operations, errors, draws=40)
    except FitError:
        law = None
    return Curve(cell, operations, errors, law)


def _at(law: PowerLaw | None, x: float) -> float | str:
    return "" if law is None else float(law.predict(np.array([x]))[0])


def _draw(axes: Axes, curves: list[Curve]) -> None:
    labels = {True: "P = D", False: "P ≠ D"}
    for curve in sorted(curves, key=lambda curve: curve.diagonal):
        colour = VERMILLION if curve.diagonal else BLUE
        axes.plot(curve.operations, curve.errors, color=colour, label=labels.pop(curve.diagonal, None), linewidth=1.2)
        if curve.law is not None:
            axes.plot(curve.operations, curve.law.predict(curve.operations), "--", color=INK, linewidth=0.8)
    axes.plot([], [], "--", color=INK, linewidth=0.8, label="power law with a floor")
    axes.set(xscale="log", yscale="log")
    for axis in (axes.xaxis, axes.yaxis):
        plain_log_ticks(axis)


def _claims(scale: Scale, curves: list[Curve], views: tuple[int, ...]) -> tuple[Claim, ...]:
    laws = [curve.law for curve in curves if curve.law is not None]
    off = [float(np.sqrt(np.square(law.residuals).mean())) for law in laws]
    powers = [float(law.exponents[0]) for law in laws]
    spread = (
        f"; median root mean square deviation {np.median(off):.1%}, exponents {min(powers):.2f} to {max(powers):.2f}"
        if laws
        else ""
    )
    diagonal, beside = ([curve for curve in curves if curve.diagonal is which] for which in (True, False))
    above = sum(all(one.cell.error > other.cell.error for other in beside if _share(one, other)) for one in diagonal)
    falls = [
        tuple(np.mean([c.fall for c in side if c.cell.shape.K == K]) for side in (diagonal, beside)) for K in views
    ]
    smoke = scale == "smoke"
    return (
        claim(
            "power law",
            "The pretraining percent error falls as a power law in training FLOPs, for every P, D and K.",
            f"a power law with a floor could be fitted to {len(laws)} of {len(curves)} curves, and is within 5% "
            f"(root mean square) of {sum(each < 0.05 for each in off)} of them{spread}",
            None if smoke else sum(each < 0.05 for each in off) == len(curves),
        ),
        claim(
            "higher at P = D",
            "The pretraining percent error is higher at P = D than at other P or D.",
            f"at the end of training {above} of {len(diagonal)} shapes with P = D are above all others with the same "
            "K and the same P or D",
            above == len(diagonal),
        ),
        claim(
            "slower at P = D",
            "The pretraining percent error falls more slowly at P = D than at other P or D.",
            "; ".join(
                f"K = {K}: mean power of the fall {one:.3f} at P = D, {other:.3f} elsewhere"
                for K, (one, other) in zip(views, falls, strict=True)
            ),
            None if smoke else all(one < other for one, other in falls),
        ),
    )


def _share(one: Curve, other: Curve) -> bool:
    """Whether two curves have the same K and the same P or D."""
    a, b = one.cell.shape, other.cell.shape
    return a.K == b.K and (a.P == b.P or a.D == b.D)
