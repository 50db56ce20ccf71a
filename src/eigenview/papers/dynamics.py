"""Representation learning dynamics of self-supervised models (Esser, Mukherjee, Sabanayagam, Ghoshdastidar)."""

import time
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from sklearn.datasets import make_moons
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from eigenview.papers.outcome import Outcome, Scale, claim
from eigenview.papers.pictures import two_classes
from eigenview.report.figures import plain_log_ticks
from eigenview.report.style import BLUE, FAINT, GREEN, INK, ORANGE, VERMILLION, style
from eigenview.theory.dynamics import (
    brought_back,
    contrastive_matrix,
    euler_steps,
    flow,
    lifted,
    optimum,
    projected_descent,
    scaled_loss,
    single_output_limit,
)

_NOISE = 0.1  # of positives around their anchor, in units of the data's spread


def half_moons(scale: Scale) -> Outcome:
    """Fig. 1: the loss itself diverges, with all outputs alike; over its squared length it converges."""
    starts, steps, rate = {"smoke": 3}.get(scale, 8), 400, 0.05
    C = _matrix(np.asarray(make_moons(200, noise=0.05, random_state=0)[0]))
    generator, columns, curves = np.random.default_rng(1), [], {"plain": [], "scaled": []}
    for start in range(starts):
        first = generator.normal(size=(2, 2))
        # Of the scaled loss the direction is all that counts, but a short start would take long steps.
        W, w = first, first[:1] / np.linalg.norm(first[:1])
        losses, lengths, scaled = [], [], []
        for _ in range(steps):
            losses.append(float(np.einsum("zd,zd->", W @ C, W)))
            lengths.append(np.linalg.norm(W))
            scaled.append(scaled_loss(w, C))
            W = W - 2 * rate * W @ C
            # Of one output: the slope of wCwᵀ/‖w‖², which has the length of w's own turn.
            w = w - 2 * rate * (w @ C - scaled[-1] * w) / (w @ w.T)
        singular = np.linalg.svd(W, compute_uv=False)
        columns.append((start, losses[-1], singular[1] / singular[0], scaled[-1]))
        curves["plain"].append(lengths)
        curves["scaled"].append(scaled)
    best = optimum(C, 1).value
    _, last, ratios, ends = map(np.array, zip(*columns, strict=True))
    with style():
        figure = Figure(figsize=(6.6, 2.8))
        axes = figure.subplots(1, 2)
        for lengths, scaled in zip(curves["plain"], curves["scaled"], strict=True):
            axes[0].plot(rate * np.arange(steps), lengths, color=VERMILLION, linewidth=1)
            axes[1].plot(rate * np.arange(steps), scaled, color=BLUE, linewidth=1)
        axes[0].set(yscale="log", xlabel="time (rate × steps)", ylabel="‖W‖ without a constraint")
        plain_log_ticks(axes[0].yaxis)
        axes[1].axhline(best, color=INK, linestyle="--", linewidth=1, label="least eigenvalue of C")
        axes[1].set(xlabel="time (rate × steps)", ylabel="loss over ‖W‖²")
        axes[1].legend()
    gap = float(np.abs(ends / best - 1).max())
    claims = (
        claim(
            "diverges",
            "Without a constraint the loss has no minimum, and gradient descent diverges.",
            f"at time {rate * steps:g} the loss is {last.max():.2g} at most; of unit length the least is {best:.2g}",
            bool((last < 100 * best).all()),
        ),
        claim(
            "rank one",
            "Every output has the same dynamics, so that they collapse to one dimension.",
            f"second singular value over the first at most {ratios.max():.1g}",
            bool(ratios.max() < 1e-3),
        ),
        claim(
            "scaled converges",
            "The scaled loss converges, whatever the start.",
            f"{starts} starts, off the least eigenvalue by at most {gap:.1g}",
            gap < 0.01,
        ),
    )
    names = ("start", "loss", "second over first singular value", "scaled loss")
    caption = (
        f"Two half moons, 200 points, {starts} starts. Left: two outputs, gradient descent on the contrastive loss. "
        "Right: one output, the loss over its squared length (printed without the square, where it has no minimum)."
    )
    return Outcome(figure, caption, dict(zip(names, zip(*columns, strict=True), strict=True)), claims)


def width(scale: Scale) -> Outcome:
    """Fig. 2: how far a network with an activation is from the linear one, at orthogonal initialisation."""
    most = {"smoke": 512, "cpu": 2048, "gpu": 8192}[scale]
    widths, seeds, (d, z) = 2 ** np.arange(5, int(np.log2(most)) + 1), 3 if scale == "smoke" else 5, (16, 2)
    activations = {"tanh": np.tanh, "ReLU": lambda a: np.maximum(a, 0), "sigmoid": lambda a: 1 / (1 + np.exp(-a))}
    x, rows = np.random.default_rng(0).normal(size=(200, d)), []
    for h in widths:
        for seed in range(seeds):
            generator = np.random.default_rng([int(h), seed])
            W1, W2 = (brought_back(generator.normal(size=(int(h), n))) for n in (d, z))
            linear = x @ W1.T @ W2
            for name, activation in activations.items():
                off = np.linalg.norm(activation(x @ W1.T) @ W2 - linear)
                rows.append((name, int(h), seed, off / len(x) ** 0.5, off / np.linalg.norm(linear)))
    relative = {name: _by_width(rows, name, 4, widths) for name in activations}
    absolute = {name: _by_width(rows, name, 3, widths) for name in activations}
    with style():
        figure = Figure(figsize=(6.6, 2.8))
        axes = figure.subplots(1, 2)
        for axis, found, label in ((axes[0], absolute, "distance"), (axes[1], relative, "relative distance")):
            for (name, values), colour in zip(found.items(), (BLUE, ORANGE, GREEN), strict=True):
                mean, spread = values.mean(1), values.std(1)
                axis.plot(widths, mean, "o-", color=colour, label=name)
                axis.fill_between(widths, mean - spread, mean + spread, color=colour, alpha=0.2, linewidth=0)
            axis.set(xscale="log", yscale="log", xlabel="width h", ylabel=f"{label} from the linear")
            plain_log_ticks(axis.yaxis)
            _widths_as_ticks(axis, widths[::2])
        axes[1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    slopes = {name: float(np.polyfit(np.log(widths), np.log(v.mean(1)), 1)[0]) for name, v in relative.items()}
    claims = (
        claim(
            "tanh",
            "With tanh a wide network comes to be the linear one (Thm. 1: φ(0) = 0, φ′(0) = 1).",
            f"relative distance ∝ h^{slopes['tanh']:.2f}, {relative['tanh'][-1].mean():.1g} at h = {widths[-1]}",
            slopes["tanh"] < -0.4,
        ),
        claim(
            "ReLU",
            "So does a ReLU network.",
            f"the distance falls as outputs themselves do: relative to them it is {relative['ReLU'][0].mean():.2f} "
            f"at h = {widths[0]} and {relative['ReLU'][-1].mean():.2f} at {widths[-1]}",
            slopes["ReLU"] < -0.1,
        ),
        claim(
            "sigmoid",
            "A sigmoid network does not.",
            f"relative distance ∝ h^{slopes['sigmoid']:+.2f}",
            slopes["sigmoid"] > -0.1,
        ),
    )
    names = ("activation", "width", "seed", "distance", "relative distance")
    caption = (
        f"Root mean square distance of outputs over 200 normal points, d = {d}, z = {z}; mean and standard deviation "
        f"of {seeds} initialisations. Outputs themselves shrink as √(z/h), so that the relative distance decides."
    )
    return Outcome(figure, caption, dict(zip(names, zip(*rows, strict=True), strict=True)), claims)


def flows(scale: Scale) -> Outcome:
    """Fig. 3: projected descent (11), the printed flow in steps (12), and the flow that is descent's limit."""
    rate, until, d, z = (5e-3 if scale == "smoke" else 1e-3), 6.0, 8, 2
    widths = (d + z, 32) if scale == "smoke" else (d + z, 32, 128, 512)
    x = np.random.default_rng(0).normal(size=(300, d)) * np.linspace(0.4, 1.2, d)
    C = _matrix(x) / (x.var() * d / 4)
    W = 0.5 * brought_back(np.random.default_rng(1).normal(size=(d, z))).T
    steps, every = round(until / rate), round(until / rate / 60)
    starts = {h: _turned(*lifted(W, d + z), h) for h in widths}
    paths = {h: projected_descent(C, *start, rate, steps, every=every).trajectory for h, start in starts.items()}
    descent = paths[widths[0]]
    coarser = projected_descent(C, *starts[widths[0]], 2 * rate, steps // 2, every=every // 2).trajectory
    derived, printed = flow(C, W, descent.times), flow(C, W, descent.times, "printed")
    euler = euler_steps(C, W, rate, steps).losses[-1]
    far = {name: _distances(each.W, descent.W) for name, each in (("derived", derived), ("printed", printed))}
    between = max(float(_distances(paths[h].W, descent.W).max()) for h in widths[1:])
    values, start = np.linalg.eigvalsh(C), 0.3 * np.ones(d) / d**0.5
    ends = [single_output_limit(values, sign * start)[0] for sign in (1, -1)]
    with style():
        figure = Figure(figsize=(6.6, 2.9))
        axes = figure.subplots(1, 2)
        axes[0].plot(descent.times, descent.losses, color=FAINT, linewidth=4, label="projected descent")
        axes[0].plot(derived.times, derived.losses, color=BLUE, label="derived flow")
        axes[0].plot(printed.times, printed.losses, "--", color=VERMILLION, label="printed flow")
        axes[0].set(xlabel="time (rate × steps)", ylabel="loss")
        axes[0].legend()
        for (name, distance), colour in zip(far.items(), (BLUE, VERMILLION), strict=True):
            axes[1].plot(descent.times[1:], distance[1:], color=colour, label=name)
        axes[1].set(yscale="log", xlabel="time (rate × steps)", ylabel="relative distance from descent")
        plain_log_ticks(axes[1].yaxis)
        axes[1].legend()
    off = {name: float(distance.max()) for name, distance in far.items()}
    twice = {
        name: float(_distances(each.W, coarser.W).max()) for name, each in (("derived", derived), ("printed", printed))
    }
    claims = (
        claim(
            "same end",
            "The flow ends at the loss of projected descent.",
            f"descent {descent.losses[-1]:.4f}, printed flow {printed.losses[-1]:.4f}, in steps {euler:.4f}",
            abs(euler / descent.losses[-1] - 1) < 0.02,
        ),
        claim(
            "printed limit",
            "The printed flow (9) is what projected descent (11) follows.",
            f"off by {off['printed']:.2g} at most at a rate of {rate:g}, by {twice['printed']:.2g} at twice that",
            off["printed"] < 0.01,
        ),
        claim(
            "derived limit",
            "Derived anew, the flow has coefficients 3 and 1 in place of 2 and 2, and is descent's limit.",
            f"off by {off['derived']:.2g} at most at a rate of {rate:g}, by {twice['derived']:.2g} at twice that",
            off["derived"] < 0.01 and abs(twice["derived"] / off["derived"] / 2 - 1) < 0.2,
        ),
        claim(
            "width",
            "The dynamics do not depend on the width.",
            f"between widths {', '.join(map(str, widths))} off by {between:.1g} at most",
            between < 1e-6,
        ),
        claim(
            "two limits",
            "One output ends at plus or minus the first eigenvector.",
            f"from two opposite starts at {ends[0]:+.3f} and {ends[1]:+.3f} times it",
            bool(np.allclose(np.abs(ends), 1) and ends[0] == -ends[1]),
        ),
    )
    columns = {
        "time": descent.times,
        "loss of descent": descent.losses,
        "loss of derived flow": derived.losses,
        "loss of printed flow": printed.losses,
        "distance of derived flow": far["derived"],
        "distance of printed flow": far["printed"],
    }
    caption = (
        f"Normal data, d = {d}, z = {z}, rate {rate:g}, width {widths[0]} (others lie on it). Left: losses. "
        "Right: how far each flow is from descent, over the length of W."
    )
    return Outcome(figure, caption, columns, claims)


def mnist(scale: Scale) -> Outcome:
    """Fig. 4: what a step costs over the width, and what a linear classifier makes of the embeddings."""
    x, y, name = two_classes(200 if scale != "smoke" else 150, real=scale != "smoke")
    d, z, rate, steps = x.shape[1], 10, 0.05, (150 if scale == "smoke" else 300)
    widths = {"smoke": (96, 192, 384), "cpu": (1024, 4096, 16384), "gpu": (1024, 8192, 65536)}[scale]
    C = _matrix(x)
    C = C / np.abs(np.linalg.eigvalsh(C)).max()
    seconds = {h: _seconds_of_descent(C, h, d, z, rate) for h in widths}
    W1, W2 = _start(widths[0], d, z)
    W = W2.T @ W1
    begin = time.perf_counter()
    euler_steps(C, W, rate, 200)
    of_flow = (time.perf_counter() - begin) / 200
    descent = projected_descent(C, W1, W2, rate, steps, every=steps).trajectory
    embedded = {"descent": descent.outputs(x)[-1], "flow": euler_steps(C, W, rate, steps).outputs(x)[-1]}
    accuracy = {kind: _accuracy(features, y) for kind, features in embedded.items()}
    with style():
        figure = Figure(figsize=(6.6, 2.8))
        axes = figure.subplots(1, 2, width_ratios=(3, 2))
        axes[0].plot(widths, [*seconds.values()], "o-", color=VERMILLION, label="projected descent")
        axes[0].axhline(of_flow, color=BLUE, label="flow, at any width")
        axes[0].set(xscale="log", yscale="log", xlabel="width h", ylabel="seconds a step")
        plain_log_ticks(axes[0].yaxis)
        _widths_as_ticks(axes[0], widths)
        axes[0].legend()
        axes[1].bar([*accuracy], [*accuracy.values()], color=(VERMILLION, BLUE), width=0.6)
        axes[1].set(ylim=(0.5, 1), ylabel="accuracy of a linear SVM")
    apart = abs(accuracy["descent"] - accuracy["flow"])
    claims = (
        claim(
            "cost of descent",
            "The time of a step of projected descent grows with the width.",
            f"{seconds[widths[0]]:.2g} s at h = {widths[0]:,}, {seconds[widths[-1]]:.2g} s at {widths[-1]:,}, "
            f"of which projecting takes as much as d³ = {d}³ operations do",
            None if scale == "smoke" else seconds[widths[-1]] > 1.3 * seconds[widths[0]],
        ),
        claim(
            "cost of flow",
            "A step of the flow, whose cost does not depend on the width, is far faster.",
            f"{seconds[widths[0]] / of_flow:,.3g} times as fast as descent at h = {widths[0]}",
            None if scale == "smoke" else min(seconds.values()) > 10 * of_flow,
        ),
        claim(
            "accuracy",
            "A linear SVM does equally well on both embeddings.",
            f"{accuracy['descent']:.1%} on descent's, {accuracy['flow']:.1%} on the flow's",
            apart < 0.03,
        ),
    )
    columns = {"width": widths, "seconds a step": [*seconds.values()], "seconds a step of the flow": [of_flow] * 3}
    caption = f"{name[0].upper()}{name[1:]}, {len(x) // 2} of each, d = {d}, z = {z}. Accuracy by five-fold validation."
    return Outcome(figure, caption, columns, claims)


def _start(h: int, d: int, z: int) -> tuple[Float[np.ndarray, "h d"], Float[np.ndarray, "h z"]]:
    generator = np.random.default_rng(2)
    return brought_back(generator.normal(size=(h, d))), brought_back(generator.normal(size=(h, z)))


def _turned(
    W1: Float[np.ndarray, "n d"], W2: Float[np.ndarray, "n z"], h: int
) -> tuple[Float[np.ndarray, "h d"], Float[np.ndarray, "h z"]]:
    """The same map by wider layers, in random directions."""
    Q = brought_back(np.random.default_rng(h).normal(size=(h, len(W1))))
    return Q @ W1, Q @ W2


def _seconds_of_descent(C: Float[np.ndarray, "d d"], h: int, d: int, z: int, rate: float) -> float:
    """Of a step: half of the fastest of three descents of one, which first bring their start to the constraint."""
    W1, W2 = _start(h, d, z)
    taken = []
    for _ in range(3):
        begin = time.perf_counter()
        projected_descent(C, W1, W2, rate, 1)
        taken.append(time.perf_counter() - begin)
    return min(taken) / 2


def _accuracy(features: Float[np.ndarray, "N z"], y: np.ndarray) -> float:
    classifier = make_pipeline(StandardScaler(), LinearSVC(random_state=0))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return float(cross_val_score(classifier, features, y, cv=folds).mean())


def _distances(W: Float[np.ndarray, "T z d"], path: Float[np.ndarray, "T z d"]) -> Float[np.ndarray, "T"]:
    return np.linalg.norm(W - path, axis=(1, 2)) / np.linalg.norm(path, axis=(1, 2))


def _widths_as_ticks(axes: Axes, widths: Sequence[int] | np.ndarray) -> None:
    axes.set_xticks(widths, [f"{h:,}" for h in widths])
    axes.xaxis.set_minor_locator(NullLocator())


def _matrix(x: Float[np.ndarray, "N d"]) -> Float[np.ndarray, "d d"]:
    """C of the contrastive loss, positives by noise and negatives by permuting, for one sample on average."""
    generator, centred = np.random.default_rng(0), x - x.mean(0)
    positives = centred + _NOISE * x.std() * generator.normal(size=x.shape)
    return contrastive_matrix(centred, positives, centred[generator.permutation(len(x))]) / len(x)


def _by_width(rows: list[tuple], name: str, column: int, widths: np.ndarray) -> np.ndarray:
    return np.array([[row[column] for row in rows if row[:2] == (name, h)] for h in widths])
