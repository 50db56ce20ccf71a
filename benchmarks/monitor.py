"""Cost of a `Monitor` at its default pace, as a share of a training step, in one run.

Usage: python benchmarks/monitor.py [--batch P] [--rounds N] [--write]

The work is a step of SimCLR: a ResNet-18 of full width with the stem for small images, an MLP projector, InfoNCE, two
views of P images of 32×32 in float32, and SGD. A hundred steps between measurements would take minutes a round, so only
the steps that the monitor looks at are made (those that fill its 1024 rows; the last of them measures and writes), and
as many plain ones, in turn; each of the others costs what hooks take that return at once, timed by themselves. The
hooks' and the measurement's own time is counted within the monitor, and, as a check that nothing is overlooked, whole
steps are compared too: their difference has the noise of the machine in it. Run it on an idle machine: two-thread
kernels stall where they must share a core with something else.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import nn

import published
from eigenview import Monitor
from eigenview.monitor import Sampling, ViewLayout
from eigenview.nets import Encoder, Model, Projector, ResNet
from eigenview.objectives import InfoNCE
from eigenview.training.optimizers import build_optimizer
from views import PACKAGES

EVERY, ROWS, K = 100, 1024, 2  # the defaults of a Monitor


def simclr(P: int) -> tuple[nn.Module, Callable[[], None]]:
    """A model, and a training step of it."""
    torch.manual_seed(0)
    encoder = Encoder(ResNet(18, stem="small"), mean=[0.5] * 3, std=[0.25] * 3)
    model = Model(encoder, Projector(encoder.features, D=128))
    optimizer = build_optimizer(model, "sgd", lr=0.01, momentum=0.9, weight_decay=1e-4)
    objective, views = InfoNCE(), torch.rand(K, P, 3, 32, 32)

    def step() -> None:
        _, z = model(views)
        optimizer.zero_grad()
        objective(z).backward()
        optimizer.step()

    return model, step


def seconds(step: Callable[[], None], times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        step()
    return time.perf_counter() - start


class Timed(Monitor):
    """A monitor that knows how long it took."""

    spent = 0.0

    def __enter__(self) -> "Timed":
        self.start()
        return self

    def _record(self, space: str, output: Any) -> None:
        start = time.perf_counter()
        super()._record(space, output)
        self.spent += time.perf_counter() - start

    def _finish_step(self) -> None:
        start = time.perf_counter()
        super()._finish_step()
        self.spent += time.perf_counter() - start


def monitor(model: nn.Module, out: Path, every: int) -> Timed:
    layout = ViewLayout("stacked", K)
    return Timed(model, "encoder", "projector", every=every, out=out, sampling=Sampling(ROWS), views=layout)


def idle(model: nn.Module, out: Path) -> float:
    """Seconds that a step takes in hooks that return at once: two layers' and the optimizer's."""
    output, optimizer = torch.zeros(2, 2, requires_grad=True), torch.optim.SGD(model.parameters())
    with monitor(model, out, 10**9) as looking:

        def hooks() -> None:
            for hook in looking._hooks:
                hook(model, (), output)
            looking._steps._after_step(optimizer)

        seconds(hooks, ROWS)  # the first measurement is over then
        return seconds(hooks, 1000) / 1000


def table(P: int, rounds: int) -> str:
    model, step = simclr(P)
    window = max(1, ROWS // (K * P))
    plain, watched, inside = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        with monitor(model, Path(folder) / "warm", 1):
            step()
        for i in range(rounds):
            plain.append(seconds(step, window))
            with monitor(model, Path(folder) / str(i), window) as looking:
                watched.append(seconds(step, window))
                inside.append(looking.spent)
        hooks = idle(model, Path(folder) / "idle")
    whole = [w - p for w, p in zip(watched, plain, strict=True)]
    spread = f"{1e3 * min(whole):,.1f} to {1e3 * max(whole):,.1f}"
    typical = EVERY * median(plain) / window
    share, by_difference = ((cost + (EVERY - window) * hooks) / typical for cost in (median(inside), median(whole)))
    return f"""| what | ms |
|---|---|
| a step without a monitor | {1e3 * median(plain) / window:,.1f} |
| {EVERY} of them | {1e3 * typical:,.0f} |
| within the monitor, in {window} watched steps with the measurement | {1e3 * median(inside):,.1f} |
| whole watched steps, less as many plain ones | {1e3 * median(whole):,.1f} ({spread}) |
| hooks that return at once, in the other {EVERY - window} steps | {1e3 * (EVERY - window) * hooks:,.1f} |

With a measurement every {EVERY} steps, the monitor costs **{share:.2%}** of training (by the difference of whole steps
{by_difference:.2%})."""


def main() -> None:
    parser = published.parser(__doc__, __file__)
    parser.add_argument("--batch", type=int, default=64, metavar="P", help="images in a batch")
    parser.add_argument("--rounds", type=int, default=2, metavar="N", help="turns that each kind takes")
    arguments = parser.parse_args()
    if not 2 <= arguments.batch <= ROWS // K or arguments.rounds < 1:
        raise SystemExit(f"--batch is 2 to {ROWS // K}, --rounds at least 1")
    text = f"""# The overhead of a monitor

A step of SimCLR with and without `eigenview.Monitor` at its defaults (a measurement of {ROWS:,} rows of both layers
every {EVERY} steps): ResNet-18 with the small-image stem, MLP projector to D = 128, InfoNCE, {K} views of
{arguments.batch} images of 32×32, float32, SGD. Medians of {arguments.rounds} rounds in which plain
and watched steps take turns (`python benchmarks/monitor.py --write`).

{table(arguments.batch, arguments.rounds)}

{published.made_with(*PACKAGES)}
"""
    published.publish(text, __file__, arguments.write)


if __name__ == "__main__":
    main()
