"""Cost of a `Monitor` at its default pace, as a share of a training step, in one run.

Usage: python benchmarks/monitor.py [--batch P] [--rounds N] [--write]

The work is a step of SimCLR: a ResNet-18 of full width with the stem for small images, an MLP projector, InfoNCE, two
views of P images of 32×32 in float32, and SGD. A hundred steps between measurements would take minutes a round, so the
three kinds of steps that there are among a hundred are timed apart, taking turns:

- plain: no monitor;
- idle: the monitor is there and does not look (its hooks return at once);
- watched: the monitor copies rows of both layers; the last of these also measures and writes the line.

A round times as many steps of each kind as a measurement has watched steps (to fill 1024 rows), on the same weights.
The cost of a hundred steps is then (watched - plain), once, and (idle - plain) for each of the rest. Idle steps are too
much like plain ones to be told apart by whole steps, so what their hooks do is also timed by itself, and counts. Run it
on an idle machine: two-thread kernels stall where they must share a core with something else.
"""

import argparse
import platform
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median

import torch
from torch import Tensor, nn

from eigenview import Monitor
from eigenview.nets import Encoder, Model, Projector, ResNet
from eigenview.objectives import InfoNCE
from eigenview.training.optimisers import build_optimiser
from views import processor, versions

EVERY, ROWS, K = 100, 1024, 2  # the defaults of a Monitor


def simclr(P: int) -> tuple[nn.Module, Callable[[], None]]:
    """A model, and a training step of it."""
    torch.manual_seed(0)
    encoder = Encoder(ResNet(18, stem="small"), mean=[0.5] * 3, std=[0.25] * 3)
    model = Model(encoder, Projector(encoder.features, D=128))
    optimiser = build_optimiser(model, "sgd", lr=0.01, momentum=0.9, weight_decay=1e-4)
    objective, views = InfoNCE(), torch.rand(K, P, 3, 32, 32)

    def step() -> None:
        _, z = model(views.flatten(0, 1))
        optimiser.zero_grad()
        objective(z.unflatten(0, (K, P))).backward()
        optimiser.step()

    return model, step


def seconds(step: Callable[[], None], times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        step()
    return time.perf_counter() - start


def monitored(model: nn.Module, out: Path, every: int, done: int) -> Monitor:
    return Monitor(
        model, "encoder", "projector", every=every, out=out, rows=ROWS, views="stacked", K=K, step=done
    )  # fmt: skip


def idle_hooks(model: nn.Module, out: Path) -> float:
    """Seconds that hooks take in a step that is not watched: two layers' and the optimiser's."""
    output = torch.zeros(2, 2, requires_grad=True)
    optimiser = torch.optim.SGD(model.parameters())
    with monitored(model, out, 10**9, 0) as monitor:
        monitor._pace._measured = True  # the first measurement is over

        def hooks() -> None:
            for ear in monitor._ears:
                ear(model, (), output)
            monitor._optimised(optimiser)

        hooks()
        return seconds(hooks, 1000) / 1000


def rounds(P: int, number: int, folder: Path) -> list[dict[str, float]]:
    model, step = simclr(P)
    window = max(1, ROWS // (K * P))
    step()
    found = []
    for i in range(number + 1):
        taken = {"plain": seconds(step, window)}
        # A measurement every `window` steps: all of them are watched, and the last one measures.
        with monitored(model, folder / f"watched {i}", window, 0):
            taken["watched"] = seconds(step, window)
        with monitored(model, folder / f"idle {i}", 10**9, 0) as monitor:
            monitor._pace._measured = True
            taken["idle"] = seconds(step, window)
        found.append({kind: value / window for kind, value in taken.items()})
    return found[1:]  # the first warms up


def table(P: int, number: int) -> str:
    window = max(1, ROWS // (K * P))
    with tempfile.TemporaryDirectory() as folder:
        found = rounds(P, number, Path(folder))
        model, _ = simclr(2)
        hooks = idle_hooks(model, Path(folder) / "hooks")
    plain, watched, idle = (median(r[kind] for r in found) for kind in ("plain", "watched", "idle"))
    extra = window * median(r["watched"] - r["plain"] for r in found)
    spread = sorted(window * (r["watched"] - r["plain"]) for r in found)
    share = (extra + (EVERY - window) * hooks) / (EVERY * plain)
    low, high = spread[len(spread) // 4], spread[(3 * len(spread)) // 4]
    return f"""| kind of step | ms |
|---|---|
| plain | {1e3 * plain:,.1f} |
| idle | {1e3 * idle:,.1f} (its hooks by themselves: {1e6 * hooks:,.0f} µs) |
| watched, the measurement shared out over {window} | {1e3 * watched:,.1f} |

A measurement with its {window} watched steps costs {1e3 * extra:,.0f} ms more than plain steps (middle half of the
rounds: {1e3 * low:,.0f} to {1e3 * high:,.0f} ms). With one every {EVERY} steps, the monitor costs **{share:.2%}** of
training."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=64, metavar="P", help="images in a batch")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="turns that each kind of step takes")
    parser.add_argument("--write", action="store_true", help="also write benchmarks/monitor.md")
    arguments = parser.parse_args()
    if not 2 <= arguments.batch <= ROWS // K or arguments.rounds < 1:
        raise SystemExit(f"--batch is 2 to {ROWS // K}, --rounds at least 1")
    text = f"""# The cost of a monitor

A step of SimCLR with and without `eigenview.Monitor` at its defaults (a measurement of {ROWS:,} rows of both layers
every {EVERY} steps): ResNet-18 with the small-image stem, MLP projector to D = 128, InfoNCE, {K} views of
{arguments.batch} images of 32×32, float32, SGD. Medians of {arguments.rounds} rounds in which the kinds of steps take
turns (`python benchmarks/monitor.py --write`).

{table(arguments.batch, arguments.rounds)}

{date.today()}; Python {platform.python_version()}, {versions()}; {processor()}.
"""
    print(text)
    if arguments.write:
        Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
