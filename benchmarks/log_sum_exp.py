"""Time and memory of losses over all pairs of a large batch: ours, and the plain form that holds every similarity.

Usage: python benchmarks/log_sum_exp.py [--rounds N] [--write]

The work is the loss and its gradient in float32, for 8,192 embeddings of 512 dimensions, two views of 4,096 samples.
The plain form is a matrix product, a mask and torch's cross-entropy or log-sum-exp, with autograd. The two take turns,
so that other work on the machine falls on both alike, and the median over rounds of the ratio of their times counts.
Memory is the most that a fresh process ever held (VmHWM of /proc, elsewhere ru_maxrss), less what it held before the
step, with the embeddings in place and everything loaded. One run of ours has 65,536 embeddings, whose similarities
would take 16 GiB. Run it on an idle machine.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from torch import Tensor
from torch.nn import functional as F

import published
from eigenview.linalg import log_mean_gaussian_kernel, normalize
from eigenview.objectives import CLIP, SimCLR

VIEWS, MANY_VIEWS, D = 8192, 65536, 512
TEMPERATURE = 0.07
Loss = Callable[[Tensor], Tensor]


def plain_simclr(z: Tensor) -> Tensor:
    z = F.normalize(z.flatten(0, 1), dim=1)
    itself = torch.eye(len(z), dtype=torch.bool)
    similarities = (z @ z.mT / TEMPERATURE).masked_fill(itself, -torch.inf)
    return F.cross_entropy(similarities, torch.arange(len(z)).roll(len(z) // 2))


def plain_clip(z: Tensor) -> Tensor:
    first, second = F.normalize(z, dim=2)
    similarities, partner = first @ second.mT / TEMPERATURE, torch.arange(len(first))
    return (F.cross_entropy(similarities, partner) + F.cross_entropy(similarities.mT, partner)) / 2


def plain_uniformity(z: Tensor) -> Tensor:
    z = F.normalize(z.flatten(0, 1), dim=1)
    itself = torch.eye(len(z), dtype=torch.bool)
    kernel = (4 * (z @ z.mT - 1)).masked_fill(itself, -torch.inf)
    return kernel.logsumexp((0, 1)) - torch.tensor(len(z) * (len(z) - 1.0)).log()


LOSSES: dict[str, dict[str, Loss]] = {
    "SimCLR": {"eigenview": SimCLR(TEMPERATURE), "plain": plain_simclr},
    "CLIP": {"eigenview": CLIP(TEMPERATURE), "plain": plain_clip},
    "uniformity": {
        "eigenview": lambda z: log_mean_gaussian_kernel(normalize(z.flatten(0, 1))),
        "plain": plain_uniformity,
    },
}


def embeddings(views: int) -> Tensor:
    """Pairs of views that are alike, as those that training reaches."""
    generator = torch.Generator().manual_seed(0)
    samples = torch.randn(1, views // 2, D, generator=generator)
    noise = torch.randn(2, views // 2, D, generator=generator)
    return (samples + noise).requires_grad_()


def step(loss: Loss, z: Tensor) -> tuple[float, Tensor]:
    """Seconds, and the gradient."""
    start = time.perf_counter()
    (gradient,) = torch.autograd.grad(loss(z), z)
    return time.perf_counter() - start, gradient


def held(most: bool) -> float:
    """MiB that this process holds, or has held at most."""
    status = Path("/proc/self/status")
    if status.exists():
        found = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(found["VmHWM" if most else "VmRSS"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)


def measure(name: str, form: str, views: int) -> None:
    """Prints seconds, and MiB above the embeddings, of one step in this process."""
    loss = LOSSES[name][form]
    step(loss, embeddings(64))
    z = embeddings(views)
    before = held(most=False)
    taken, _ = step(loss, z)
    print(taken, held(most=True) - before)


def in_a_process(name: str, form: str, views: int) -> tuple[float, float]:
    command = [sys.executable, __file__, "--measure", name, form, str(views)]
    taken, above = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(taken), float(above)


def table(rounds: int) -> str:
    memory = {(name, form): in_a_process(name, form, VIEWS)[1] for name in LOSSES for form in LOSSES[name]}
    z = embeddings(VIEWS)
    lines = [
        "| loss | form | s | time against plain | MiB above the embeddings | difference of gradients |",
        "|---|---|---|---|---|---|",
    ]
    for name, forms in LOSSES.items():
        gradients = {form: step(loss, z)[1] for form, loss in forms.items()}
        difference = ((gradients["eigenview"] - gradients["plain"]).norm() / gradients["plain"].norm()).item()
        taken = [{form: step(loss, z)[0] for form, loss in forms.items()} for _ in range(rounds)]
        for form in forms:
            typical, ratio = median(t[form] for t in taken), median(t[form] / t["plain"] for t in taken)
            last = f"{difference:.0e}" if form == "eigenview" else ""
            lines.append(f"| {name} | {form} | {typical:.2f} | {ratio:.2f} × | {memory[name, form]:,.0f} | {last} |")
    return "\n".join(lines)


def main() -> None:
    parser = published.parser(__doc__, __file__)
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="turns that each form takes")
    parser.add_argument("--measure", nargs=3, metavar=("LOSS", "FORM", "VIEWS"), help="one step, in this process")
    arguments = parser.parse_args()
    if arguments.measure:
        name, form, views = arguments.measure
        measure(name, form, int(views))
        return
    rows = table(arguments.rounds)
    seconds, above = in_a_process("SimCLR", "eigenview", MANY_VIEWS)
    text = f"""# Losses over all pairs

Loss and gradient of {VIEWS:,} embeddings of {D} dimensions (two views of {VIEWS // 2:,} samples), float32: medians of
{arguments.rounds} rounds in which the forms take turns (`python benchmarks/log_sum_exp.py --write`). "Time against
plain" is the median of the ratios within rounds; the plain form stores all similarities. Memory is the peak of a fresh
process in one step, above its memory before the step.

{rows}

SimCLR of {MANY_VIEWS:,} embeddings ({MANY_VIEWS * D / 2**18:,.0f} MiB): {seconds:,.0f} s, {above:,.0f} MiB in addition.

{published.made_with("torch")}
"""
    published.publish(text, __file__, arguments.write)


if __name__ == "__main__":
    main()
