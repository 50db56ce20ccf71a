"""How many modes a linear net keeps, and how large: predicted from two covariances, against training.

Usage: python benchmarks/landscape.py [--write] [--workers N]

CIFAR-10 and Fashion-MNIST ($EIGENVIEW_DATA) on their leading principal axes, whitened, under `large` views at eight
strengths, and β-InfoNCE at β = 0.4. Three kinds of input have the same covariances: Gaussian inputs, images with
Gaussian noise, and our views. Each trained network is kept in `runs/landscape`, and an interrupted benchmark resumes.
It takes about half an hour on two cores.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor

import published
from eigenview._files import write_text
from eigenview.data import open_images, pack
from eigenview.objectives import BetaInfoNCE
from eigenview.plotting.axes import plain_log_ticks
from eigenview.plotting.style import BLUE, GREEN, INK, VERMILLION, style
from eigenview.theory.landscape import BetaInfoNCESolution, nearest_covariance, solve_beta_infonce, view_covariances
from eigenview.views import POLICIES, augment

DATA = published.real_data()
RUNS = Path(__file__).parents[1] / "runs" / "landscape"
FILES = {"CIFAR-10": "cifar10-train.parquet", "Fashion-MNIST": "fashion_mnist-train.parquet"}
WEAK, STRONG = (0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0), (0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.8, 1.0)
STRENGTHS = {("CIFAR-10", 32): WEAK, ("CIFAR-10", 128): STRONG, ("Fashion-MNIST", 32): WEAK}
BETA, VIEWS = 0.4, 16
SAMPLES, STEPS, RATE, MOMENTUM = 512, 4000, 0.05, 0.9
LARGER_P = {("CIFAR-10", 32, 0.15): 2048}  # where a loss on 512 samples has no minimum
PRESENT = 1e-6  # trained variance above which a mode counts: of Gaussian inputs what collapses goes below 1e-9
THRESHOLDS = (1e-3, 1e-4, 1e-6, 1e-9)  # at which all is counted again

Pairs = Callable[[torch.Generator], Float[Tensor, "2 P d"]]


@dataclass(frozen=True)
class Inputs:
    """What one net is trained on.

    Args:
        kind: in words.
        predicted: the theory's solution for its covariances.
        pairs: draws a batch of pairs of views, in the coordinates of the modes.
    """

    kind: str
    predicted: BetaInfoNCESolution
    pairs: Pairs


def principal(name: str, d: int) -> tuple[Tensor, Callable[[Tensor], np.ndarray]]:
    """The images, and the map of pixels in [0, 1] onto whitened principal axes."""
    images = pack(open_images(str(DATA / FILES[name])))
    if (images[:, :1] == images).all():
        images = images[:, :1]
    rows = images.flatten(1).double().numpy() / 255
    mean = rows.mean(0)
    variances, axes = np.linalg.eigh(np.cov(rows.T))
    onto = axes[:, -d:] / np.sqrt(variances[-d:])
    return images, lambda pixels: (pixels.flatten(-3).double().numpy() - mean) @ onto


def inputs(name: str, d: int, strength: float) -> Iterator[Inputs]:
    """The three kinds."""
    P = LARGER_P.get((name, d, strength), SAMPLES)
    images, project = principal(name, d)
    policy, generator = POLICIES["large"].scaled(strength), torch.Generator().manual_seed(0)
    views = np.concatenate([project(augment(images, policy, 1, generator)) for _ in range(VIEWS)])
    A0, C = view_covariances(views)
    A0, _ = nearest_covariance(A0)
    predicted = solve_beta_infonce(A0, C, BETA)
    r = torch.from_numpy(np.clip(predicted.noise_shares, 0, 1)).float()
    bank = torch.from_numpy((views - views.mean((0, 1))) @ predicted.directions).float()
    # The mean of its views stands for an image, scaled so that noise of covariance C gives back Σ.
    clean = bank.mean(0) - bank.mean((0, 1))
    clean *= ((1 - r) / clean.var(0)).sqrt()
    yield Inputs("Gaussian inputs", predicted, partial(normal_pairs, P, r))
    yield Inputs("images, Gaussian noise", predicted, partial(noisy_pairs, P, clean, r))
    yield Inputs("our views", predicted, partial(synthetic_pairs, P, bank))


def normal_pairs(P: int, r: Tensor, generator: torch.Generator) -> Float[Tensor, "2 P d"]:
    clean = (1 - r).sqrt() * torch.randn(P, len(r), generator=generator)
    return clean + r.sqrt() * torch.randn(2, P, len(r), generator=generator)


def noisy_pairs(P: int, clean: Tensor, r: Tensor, generator: torch.Generator) -> Float[Tensor, "2 P d"]:
    drawn = torch.randperm(len(clean), generator=generator)[:P]
    return clean[drawn] + r.sqrt() * torch.randn(2, P, len(r), generator=generator)


def synthetic_pairs(P: int, bank: Tensor, generator: torch.Generator) -> Float[Tensor, "2 P d"]:
    drawn = torch.randperm(bank.shape[1], generator=generator)[:P]
    first = torch.randint(VIEWS, (P,), generator=generator)
    second = (first + torch.randint(1, VIEWS, (P,), generator=generator)) % VIEWS
    return torch.stack([bank[first, drawn], bank[second, drawn]])


def trained(pairs: Pairs, d: int) -> np.ndarray:
    """Variances of embeddings along the modes that SGD ends with, from a small start, largest first."""
    generator = torch.Generator().manual_seed(1)
    W = (0.1 * torch.randn(d, d, generator=generator) / d**0.5).requires_grad_()
    descent = torch.optim.SGD([W], lr=RATE, momentum=MOMENTUM)
    cooling = torch.optim.lr_scheduler.OneCycleLR(
        descent, RATE, STEPS, pct_start=0.05, cycle_momentum=False, final_div_factor=1e6
    )
    objective = BetaInfoNCE(BETA)
    for _ in range(STEPS):
        descent.zero_grad()
        objective(pairs(generator) @ W.T).backward()
        descent.step()
        cooling.step()
    return np.square(np.linalg.svd(W.detach().double().numpy(), compute_uv=False))


def place(name: str, d: int, strength: float, kind: str) -> Path:
    return RUNS / f"{name}-{d}-{strength}-{kind}.json".replace(" ", "-").replace(",", "")


KINDS = ("Gaussian inputs", "images, Gaussian noise", "our views")
CASES = [(name, d, strength) for (name, d), strengths in STRENGTHS.items() for strength in strengths]


def run(case: tuple[str, int, float]) -> str:
    torch.set_num_threads(1)
    if not all(place(*case, kind).exists() for kind in KINDS):
        for each in inputs(*case):
            train(each, place(*case, each.kind))
    return f"{case}: " + "; ".join(f"{kind} {modes(case, kind)}" for kind in KINDS)


def train(each: Inputs, file: Path) -> None:
    if file.exists():
        return
    shares, predicted = each.predicted.noise_shares, each.predicted.modes
    reached = trained(each.pairs, len(shares))
    found = {"shares": shares.tolist(), "predicted": predicted.tolist(), "trained": reached.tolist()}
    write_text(file, json.dumps(found))


def found(case: tuple[str, int, float], kind: str) -> dict[str, np.ndarray]:
    return {key: np.array(values) for key, values in json.loads(place(*case, kind).read_text()).items()}


def modes(case: tuple[str, int, float], kind: str, present: float = PRESENT) -> tuple[int, int]:
    """Modes that are present, predicted and trained."""
    each = found(case, kind)
    return int((each["predicted"] > 0).sum()), int((each["trained"] > present).sum())


def off(case: tuple[str, int, float], kind: str) -> float:
    """Median over modes that are predicted of the trained variance over the predicted one."""
    each = found(case, kind)
    there = each["predicted"] > 0
    return float(np.median(each["trained"][there] / each["predicted"][there]))


def table() -> str:
    lines = []
    for case in CASES:
        name, d, strength = case
        noise = found(case, "our views")["shares"].mean()
        cells = [f"{modes(case, kind)[1]} ({off(case, kind):.2f})" for kind in KINDS]
        lines.append(f"| {name}, {d} | {strength} | {noise:.0%} | {modes(case, KINDS[0])[0]} | {' | '.join(cells)} |")
    head = "| data, dimensions | strength | mean noise share | predicted | " + " | ".join(KINDS) + " |"
    return "\n".join([head, "|---|---|---|---|---|---|---|", *lines])


def exactly(kind: str, present: float = PRESENT) -> int:
    return sum(len(set(modes(case, kind, present))) == 1 for case in CASES)


def by_threshold() -> str:
    """In how many cases numbers are equal, for other thresholds of what counts as present."""
    lines = [
        f"| {present:g} | {' | '.join(f'{exactly(kind, present)} of {len(CASES)}' for kind in KINDS)} |"
        for present in THRESHOLDS
    ]
    return "\n".join([f"| counted above | {' | '.join(KINDS)} |", "|---|---|---|---|", *lines])


def gap(kind: str) -> str:
    """How many fewer modes a kind of input keeps than predicted: mean and most."""
    fewer = np.array([before - after for before, after in (modes(case, kind) for case in CASES)])
    return f"{fewer.mean():.1f} fewer on average, {fewer.min()} to {fewer.max()}"


def figure() -> None:
    """Predicted and trained variances of the modes, a panel a set of images, at three strengths each (at line ends)."""
    with style():
        drawing = Figure(figsize=(9, 3.6))
        marks = dict(zip(KINDS, (("o", BLUE), ("^", GREEN), ("s", VERMILLION)), strict=True))
        for place_of, ((name, d), strengths) in enumerate(STRENGTHS.items()):
            axes = drawing.add_subplot(1, 3, place_of + 1)
            for strength in strengths[1::3]:
                case = (name, d, strength)
                predicted = found(case, KINDS[0])["predicted"]
                shown = np.arange(1, int((predicted > 0).sum()) + 1)
                axes.plot(shown, predicted[: len(shown)], color=INK, linewidth=1.1, label="predicted")
                axes.annotate(
                    f"{strength:g}", (shown[-1], predicted[len(shown) - 1]), (4, -2), textcoords="offset points"
                )
                for kind, (mark, colour) in marks.items():
                    reached = found(case, kind)["trained"]
                    reached = reached[reached > PRESENT]
                    at = np.arange(1, len(reached) + 1)
                    axes.plot(at, reached, mark, color=colour, markersize=3.4, markerfacecolor="none", label=kind)
            axes.set(yscale="log", ylim=(1e-5, 10), xlabel="mode, the least noisy first")
            axes.set_title(f"{name}, {d} dimensions", fontsize=9)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            plain_log_ticks(axes.yaxis)
        first = drawing.axes[0]
        first.set_ylabel("variance of embeddings along it")
        handles, labels = first.get_legend_handles_labels()
        named = dict(zip(labels, handles, strict=True))
        drawing.legend(named.values(), named.keys(), loc="outside upper center", ncols=4)
        drawing.savefig(Path(__file__).with_suffix(".svg"))


def main() -> None:
    parser = published.parser(__doc__, __file__)
    parser.add_argument("--workers", type=int, default=2, help="nets that are trained at a time")
    arguments = parser.parse_args()
    RUNS.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(arguments.workers, get_context("spawn")) as pool:
        for line in pool.map(run, CASES):
            print(line, flush=True)
    text = f"""# Surviving modes, predicted and trained

Training: a linear network with as many outputs as inputs, β-InfoNCE at β = {BETA}, P = {SAMPLES}, {STEPS} steps of SGD
from small weights, and `large` views at eight strengths. The prediction is `theory.landscape.solve_beta_infonce` of A0
and C, estimated from {VIEWS} views of each image; all three kinds of input have these covariances. A trained mode
counts as surviving if the variance of embeddings along it is above {PRESENT:g}. Brackets hold the median, over modes,
of the trained variance divided by the predicted variance.
(`python benchmarks/landscape.py --write`)

{table()}

With Gaussian inputs, the number of surviving modes is exactly as predicted in {exactly(KINDS[0])} of {len(CASES)}
cases. With Gaussian noise on images it is exact in {exactly(KINDS[1])}, and training keeps {gap(KINDS[1])}; with our
views it is exact in {exactly(KINDS[2])}, and training keeps {gap(KINDS[2])}. Modes within about 0.002 of the
transition have not settled when training ends, so the numbers depend slightly on the threshold:

{by_threshold()}

The prediction assumes that weak modes are independent of strong modes, which holds for Gaussian inputs. Images that are
neighbours in strong modes are also neighbours in weak modes, so negatives separate less along the weak modes. The
predicted variances assume infinitely many negatives; with {SAMPLES}, strong modes grow larger. The weaker the views,
the more samples the loss needs to have a minimum at all; otherwise nearest neighbours move apart without bound. The
first row therefore uses P = {max(LARGER_P.values())}, since its weights diverged with {SAMPLES}.

![predicted and trained spectra, at three strengths each](landscape.svg)

{published.made_with("torch")}
"""
    published.publish(text, __file__, arguments.write)
    if arguments.write:
        figure()


if __name__ == "__main__":
    main()
