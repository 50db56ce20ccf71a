"""Time of a training step: ours, ours compiled, and plain eager float32 with per-image augmentation, in one run.

Usage: python benchmarks/train_step.py [--batch P] [--rounds N] [--write]

The work is one step of SimCLR from a uint8 batch to the SGD update: a ResNet-18 of full width with the stem for small
images, an MLP projector, InfoNCE, two views of P images of 32×32 by the policy `large`. The three take turns, and the
median over rounds of the ratio of their times counts. The step is written out here, without what `eigenview train` adds
for its own sake (Fabric, the gradient's norm, measurements). Run it on an idle machine: two-thread kernels stall where
they must share a core with something else.
"""

from statistics import median

import torch
from torch import Tensor

import published
from eigenview.nets import Encoder, Model, Projector, ResNet
from eigenview.objectives import InfoNCE
from eigenview.training.optimizers import build_optimizer
from views import PACKAGES, POLICY, VIEWS, Pipeline, ours, per_image, pictures, seconds


def step(draw: Pipeline, fast: bool, compiled: bool = False) -> Pipeline:
    """A training step, with nets of its own, from images to the loss; `fast` is bfloat16 and channels_last."""
    torch.manual_seed(0)
    encoder = Encoder(ResNet(18, stem="small"), mean=[0.5] * 3, std=[0.25] * 3)
    layout = torch.channels_last if fast else torch.contiguous_format
    model = Model(encoder, Projector(encoder.features, D=128)).to(memory_format=layout)  # pyright: ignore[reportCallIssue]
    optimizer = build_optimizer(model, "sgd", lr=0.03, momentum=0.9, weight_decay=1e-4)
    objective = InfoNCE()
    forward = torch.compile(model) if compiled else model

    def take(images: Tensor) -> Tensor:
        views = draw(images)
        with torch.autocast("cpu", torch.bfloat16, enabled=fast):
            _, z = forward(views)
        optimizer.zero_grad()
        loss = objective(z.float())
        loss.backward()
        optimizer.step()
        return loss

    return take


def table(batch: int, rounds: int) -> str:
    images = pictures()[:batch]
    if len(images) < batch:
        raise SystemExit(f"--batch is at most {len(images)}, not {batch}")
    name, reference = per_image()
    plain = f"eager float32, {name}"
    steps = {
        plain: step(reference, fast=False),
        "eigenview": step(ours(), fast=True),
        "eigenview, compiled": step(ours(), fast=True, compiled=True),
    }
    for take in steps.values():
        take(images)
    taken = [{label: seconds(take, images) for label, take in steps.items()} for _ in range(rounds)]
    lines = ["| step | ms | views/s | speed against plain |", "|---|---|---|---|"]
    for label in steps:
        typical = median(t[label] for t in taken)
        ratio = median(t[plain] / t[label] for t in taken)
        lines.append(f"| {label} | {1e3 * typical:,.0f} | {VIEWS * len(images) / typical:,.1f} | {ratio:.2f} × |")
    return "\n".join(lines)


def main() -> None:
    parser = published.parser(__doc__, __file__)
    parser.add_argument("--batch", type=int, default=256, metavar="P", help="images in a batch, at most 256")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="turns that each step takes")
    arguments = parser.parse_args()
    text = f"""# A training step

ResNet-18 with the small-image stem, MLP projector 2048 → 128, InfoNCE, {VIEWS} views of {arguments.batch} images
of 32×32 (crop {POLICY.crop}, flip, colour jitter, grey), from the uint8 batch to the SGD update. `eigenview` uses
batched views, bfloat16 autocast and channels_last. Median of {arguments.rounds} rounds in which the steps take turns
(`python benchmarks/train_step.py --write`).

{table(arguments.batch, arguments.rounds)}

{published.made_with(*PACKAGES)}
"""
    published.publish(text, __file__, arguments.write)


if __name__ == "__main__":
    main()
