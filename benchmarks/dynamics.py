"""The flow of a linear network's outputs against projected descent on its weights, to the same accuracy.

Usage: python benchmarks/dynamics.py [--write]

Two classes of MNIST, 200 images each ($EIGENVIEW_DATA; random data without it), d = 784, z = 2 outputs. All widths
start from one map W, that of random layers of width 4,096, and so take one path. Until the loss has lost 99% of its
distance to the optimum, descent needs as many steps as keep W within 1% of the path to which small steps lead; they are
counted without a width, on W alone, and that this is descent is checked on a few steps of whole layers. At all widths
steps are timed. Beside it stand the fewest steps, at any rate, that bring the loss as near to the optimum, whatever
path they take. About two minutes on two cores.
"""

import gzip
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import published
from eigenview.theory.dynamics import (
    contrastive_matrix,
    end_to_end_descent,
    flow,
    optimum,
    orthonormal_factors,
    project_onto_constraint,
    projected_gradient_descent,
)

CLASSES, EACH, OUTPUTS, NOISE = (3, 8), 200, 2, 0.1
WIDTHS = (256, 1024, 2048, 4096, 8192, 16384)
START, CHECKED = 4096, (1024, 5)  # width of the layers that give W; width and steps of the descent that is checked
RATES = (0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0)
CLOSE, DONE = 0.01, 0.01
POINTS = 40  # at which paths are compared
TIMED = 5


def images() -> tuple[np.ndarray, str]:
    """Pixels in [0, 1], one row per image, and a description of the images."""
    generator = np.random.default_rng(0)
    folder = os.environ.get("EIGENVIEW_DATA")
    if not folder:
        low_rank = generator.normal(size=(2 * EACH, 40)) @ generator.normal(size=(40, 784))
        return low_rank / low_rank.std() / 4, "random data"
    pixels, labels = (Path(folder) / f"mnist-t10k-{kind}-ubyte.gz" for kind in ("images-idx3", "labels-idx1"))
    x = np.frombuffer(gzip.decompress(pixels.read_bytes()), np.uint8, offset=16).reshape(-1, 784) / 255
    y = np.frombuffer(gzip.decompress(labels.read_bytes()), np.uint8, offset=8)
    return np.concatenate([x[y == digit][:EACH] for digit in CLASSES]), f"MNIST's {CLASSES[0]} and {CLASSES[1]}"


def matrix(x: np.ndarray) -> np.ndarray:
    """C of the contrastive loss, with noise for positives, over its largest eigenvalue in size."""
    generator = np.random.default_rng(1)
    centred = x - x.mean(0)
    positives = centred + NOISE * generator.normal(size=x.shape)
    C = contrastive_matrix(centred, positives, centred[generator.permutation(len(x))])
    return C / np.abs(np.linalg.eigvalsh(C)).max()


def random_layers(h: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(2)
    W1, W2 = (project_onto_constraint(generator.normal(size=(h, n))) for n in (784, OUTPUTS))
    return W1, W2


def layers(W: np.ndarray, h: int) -> tuple[np.ndarray, np.ndarray]:
    """Layers of the map W, turned so that no entry is 0; random ones where W needs more width."""
    if h < 784 + OUTPUTS:
        return random_layers(h)
    axis = np.random.default_rng(3).normal(size=(h, 1))
    axis /= np.linalg.norm(axis)
    W1, W2 = (weight - 2 * axis @ (axis.T @ weight) for weight in orthonormal_factors(W, h))
    return W1, W2


def until_done(C: np.ndarray, W: np.ndarray) -> float:
    """The time by which the flow's loss has come within 1% of its way to the optimum."""
    times = np.linspace(0, 200, 4001)
    losses, best = flow(C, W, times).losses, optimum(C, OUTPUTS).value
    return float(times[np.argmax(losses - best < DONE * (losses[0] - best))])


def furthest(W: np.ndarray, path: np.ndarray) -> float:
    return float((np.linalg.norm(W - path, axis=(1, 2)) / np.linalg.norm(path, axis=(1, 2))).max())


def check(C: np.ndarray, W: np.ndarray) -> float:
    """How far steps of W alone are from those of whole layers."""
    h, steps = CHECKED
    whole = projected_gradient_descent(C, *layers(W, h), 0.1, steps).trajectory
    off = furthest(end_to_end_descent(C, W, 0.1, steps).W, whole.W)
    if off > 1e-9:
        raise SystemExit(f"steps of W alone are {off:.1e} off those of layers of width {h}")
    return off


def steps_needed(C: np.ndarray, W: np.ndarray, until: float) -> tuple[int, float]:
    """The fewest steps of descent, in whole parts of the path, that stay within 1% of it, and how far off they are."""
    path = flow(C, W, np.linspace(0, until, POINTS + 1), precision=1e-10).W
    for steps in range(POINTS, 10_000, POINTS):
        off = furthest(end_to_end_descent(C, W, until / steps, steps, every=steps // POINTS).W, path)
        if off <= CLOSE:
            return steps, off
    raise SystemExit("no number of steps stays near the path")


def fewest_steps(C: np.ndarray, W: np.ndarray) -> tuple[int, float]:
    """The fewest steps at any of the rates after which the loss is as near to the optimum, and their rate."""
    best, found = optimum(C, OUTPUTS).value, []
    for rate in RATES:
        losses = end_to_end_descent(C, W, rate, 200).losses
        near = losses - best < DONE * (losses[0] - best)
        if near.any():
            found.append((int(np.argmax(near)), rate))
    return min(found)


def precision_of_flow(C: np.ndarray, W: np.ndarray, until: float) -> tuple[float, float]:
    """The coarsest precision at which the flow stays as near to its path, and how far off it is."""
    times = np.linspace(0, until, POINTS + 1)
    path = flow(C, W, times, precision=1e-10).W
    for precision in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6):
        off = furthest(flow(C, W, times, precision=precision).W, path)
        if off < CLOSE:
            return precision, off
    raise SystemExit("no precision was fine enough")


def seconds(work: Callable[[], object], repeats: int) -> float:
    """The fastest of some."""
    taken = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return min(taken)


def main() -> None:
    parser = published.parser(__doc__, __file__)
    arguments = parser.parse_args()
    x, origin = images()
    C = matrix(x)
    W1, W2 = random_layers(START)
    W = W2.T @ W1
    off_layers = check(C, W)
    until = until_done(C, W)
    steps, off = steps_needed(C, W, until)
    few, rate = fewest_steps(C, W)
    precision, flow_off = precision_of_flow(C, W, until)
    times = np.linspace(0, until, POINTS + 1)
    lines = [
        "| width h | a step of descent | descent on the path | flow | ratio | descent to the optimum alone | ratio |",
        "|---|---|---|---|---|---|---|",
    ]
    for h in WIDTHS:
        W1, W2 = layers(W, h)
        step = seconds(lambda W1=W1, W2=W2: projected_gradient_descent(C, W1, W2, until / steps, 1), TIMED)
        # A call also brings its start to the constraint, which costs what a step does.
        step /= 2
        took = seconds(lambda W1=W1, W2=W2: flow(C, W2.T @ W1, times, precision=precision), TIMED)
        note = "" if h >= 784 else " ¹"
        lines.append(
            f"| {h:,}{note} | {1000 * step:.0f} ms | {step * steps:.1f} s | {took:.3f} s | {step * steps / took:,.0f} "
            f"| {step * few:.1f} s | {step * few / took:,.0f} |"
        )
        print(lines[-1], flush=True)
    alone = seconds(lambda: end_to_end_descent(C, W, until / steps, steps), TIMED)
    text = f"""# Flow compared with projected gradient descent

{origin[0].upper()}{origin[1:]}, {EACH} images each: contrastive C, d = 784, z = {OUTPUTS}; every width starts from the
same end-to-end map W, the product of random layers of width {START:,}. Descent runs until the loss has covered 99% of
its distance to the optimum. To stay within {CLOSE:.0%} of the limit path of small steps, projected gradient descent
needs {steps} steps (its deviation is {off:.2%}; counted with `end_to_end_descent`, which deviates by {off_layers:.0e}
from whole layers of width {CHECKED[0]:,}). The derived flow, with its eigendecomposition of C, deviates by
{flow_off:.2%} (precision {precision:g}). The time of a descent is the number of steps times the time of one step, the
fastest of {TIMED}.

The last columns are for the optimum alone, without the path: {few} steps at a rate of {rate:g} leave {DONE:.0%} of the
loss's distance. The {steps} steps of the end-to-end map alone, `end_to_end_descent`, take {alone:.2f} s at any width.
(`python benchmarks/dynamics.py --write`)

{chr(10).join(lines)}

¹ W1 has fewer rows than columns, so its rows are kept orthonormal, and the flow is not the limit of this descent.

{published.made_with("numpy", "scipy")}
"""
    published.publish(text, __file__, arguments.write)


if __name__ == "__main__":
    main()
