"""The time per step by width, and the accuracy of a linear SVM on the embeddings."""

import time

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from eigenview.papers.claims import claim
from eigenview.papers.datasets import two_classes
from eigenview.papers.dynamics.pairs import pair_matrix
from eigenview.papers.experiment import Scale
from eigenview.papers.outcome import Outcome
from eigenview.papers.run_cache import RunCache
from eigenview.plotting.axes import plain_log_ticks, widths_as_ticks
from eigenview.plotting.style import BLUE, VERMILLION, style
from eigenview.theory.dynamics import euler_steps, project_onto_constraint, projected_gradient_descent


def run(scale: Scale, runs: RunCache) -> Outcome:
    """Fig. 4: the time per step by width, and the accuracy of a linear SVM on the embeddings."""
    x, y, name = two_classes(200 if scale != "smoke" else 150, real=scale != "smoke")
    d, z, rate, steps = x.shape[1], 10, 0.05, (150 if scale == "smoke" else 300)
    widths = {"smoke": (96, 192, 384), "cpu": (1024, 4096, 16384), "gpu": (1024, 8192, 65536)}[scale]
    C = pair_matrix(x)
    C = C / np.abs(np.linalg.eigvalsh(C)).max()
    seconds = {h: _seconds_of_descent(C, h, d, z, rate) for h in widths}
    W1, W2 = _start(widths[0], d, z)
    W = W2.T @ W1
    begin = time.perf_counter()
    euler_steps(C, W, rate, 200)
    of_flow = (time.perf_counter() - begin) / 200
    descent = projected_gradient_descent(C, W1, W2, rate, steps, every=steps).trajectory
    embedded = {"descent": descent.outputs(x)[-1], "flow": euler_steps(C, W, rate, steps).outputs(x)[-1]}
    accuracy = {kind: _accuracy(features, y) for kind, features in embedded.items()}
    with style():
        figure = Figure(figsize=(6.6, 2.8))
        axes = figure.subplots(1, 2, width_ratios=(3, 2))
        axes[0].plot(widths, [*seconds.values()], "o-", color=VERMILLION, label="projected descent")
        axes[0].axhline(of_flow, color=BLUE, label="flow, at any width")
        axes[0].set(xscale="log", yscale="log", xlabel="width h", ylabel="seconds a step")
        plain_log_ticks(axes[0].yaxis)
        widths_as_ticks(axes[0], widths)
        axes[0].legend()
        axes[1].bar([*accuracy], [*accuracy.values()], color=(VERMILLION, BLUE), width=0.6)
        axes[1].set(ylim=(0.5, 1), ylabel="accuracy of a linear SVM")
    apart = abs(accuracy["descent"] - accuracy["flow"])
    claims = (
        claim(
            "cost grows with width",
            "The time per step of projected gradient descent grows with the width.",
            f"{seconds[widths[0]]:.2g} s at h = {widths[0]:,}, {seconds[widths[-1]]:.2g} s at h = {widths[-1]:,}; "
            f"both include a projection of the order of d³ = {d}³ operations",
            None if scale == "smoke" else seconds[widths[-1]] > 1.3 * seconds[widths[0]],
        ),
        claim(
            "flow is faster",
            "A step of the flow, whose cost does not depend on the width, is far faster than a step of projected "
            "gradient descent.",
            f"{seconds[widths[0]] / of_flow:,.3g} times as fast as a step of projected gradient descent at h = "
            f"{widths[0]}",
            None if scale == "smoke" else min(seconds.values()) > 10 * of_flow,
        ),
        claim(
            "equal accuracy",
            "A linear SVM does equally well on the embeddings of projected gradient descent and of the flow.",
            f"accuracy {accuracy['descent']:.1%} on those of projected gradient descent, {accuracy['flow']:.1%} on "
            "those of the flow",
            apart < 0.03,
        ),
    )
    table = {"width": widths, "seconds a step": [*seconds.values()], "seconds a step of the flow": [of_flow] * 3}
    caption = (
        f"{name[0].upper()}{name[1:]}, {len(x) // 2} of each, d = {d}, z = {z}. Accuracy by five-fold cross-validation."
    )
    return Outcome(figure, caption, table, claims)


def _start(h: int, d: int, z: int) -> tuple[Float[np.ndarray, "h d"], Float[np.ndarray, "h z"]]:
    generator = np.random.default_rng(2)
    W1, W2 = (project_onto_constraint(generator.normal(size=(h, n))) for n in (d, z))
    return W1, W2


def _seconds_of_descent(C: Float[np.ndarray, "d d"], h: int, d: int, z: int, rate: float) -> float:
    """Seconds per step: half the fastest of three descents of one step, which project their start as well."""
    W1, W2 = _start(h, d, z)
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        projected_gradient_descent(C, W1, W2, rate, 1)
        times.append(time.perf_counter() - begin)
    return min(times) / 2


def _accuracy(features: Float[np.ndarray, "N z"], y: np.ndarray) -> float:
    classifier = make_pipeline(StandardScaler(), LinearSVC(random_state=0))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return float(cross_val_score(classifier, features, y, cv=folds).mean())
