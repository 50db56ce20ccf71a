"""Training loops as somebody else writes them, apart from their tests so that other processes can import them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from eigenview.measures.catalogue import MeasureSpec
from eigenview.runs.metrics import read_metrics


class Net(nn.Module):
    """A backbone with dropout and a projector."""

    def __init__(self, seed: int = 0, D: int = 3) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.backbone = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.2))
            self.projector = nn.Linear(8, D)

    def forward(self, x: Tensor) -> Tensor:
        return self.projector(self.backbone(x))


def batch(step: int, P: int = 6) -> Tensor:
    return torch.randn(P, 4, generator=torch.Generator().manual_seed(step))


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def train(model: nn.Module, steps: int, seen: Callable[[int, Tensor], None] | None = None, P: int = 6) -> None:
    optimizer = sgd(model)
    for step in range(1, steps + 1):
        z = model(batch(step, P))
        optimizer.zero_grad()
        z.square().mean().backward()
        optimizer.step()
        if seen is not None:
            seen(step, z.detach())


class Spy:
    """A measure of views that remembers what it was given."""

    def __init__(self) -> None:
        self.seen: list[Tensor] = []

    def listed(self) -> MeasureSpec:
        def spied(views: Tensor) -> float:
            self.seen.append(views.clone())
            return 0.0

        return MeasureSpec(spied, "views")


def lines(folder: Path, kind: str | None = "step") -> list[dict[str, Any]]:
    """What stands in the file, each line of which can be read."""
    read = read_metrics(folder / "metrics.jsonl")
    assert not [line.problem for line in read if line.problem]
    return [found for line in read if kind in (None, (found := json.loads(line.text))["kind"])]
