"""Objectives on several processes: what each rank computes, and how many bytes it hands to the others."""

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.nn.parallel import DistributedDataParallel

from tests import objectives
from tests.objectives.case import ObjectiveTestCase, draw

K, P, D, D_ENC = 3, 24, 6, 5
"""Sizes of the batch that ranks share; P can be parted among 2 and 3."""
WIDE = 6, 8
"""P and D of one that has fewer samples than dimensions, in all."""


def cases() -> dict[str, type[ObjectiveTestCase]]:
    """Every concrete test case of this package, by name."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name.startswith("test_"):
            importlib.import_module(f"{objectives.__name__}.{module.name}")

    def below(case: type) -> list[type]:
        return [found for child in case.__subclasses__() for found in (child, *below(child))]

    found = [case for case in below(ObjectiveTestCase) if not getattr(case, "__abstractmethods__", None)]
    return {case.__name__: case for case in found}


def batch(dtype: torch.dtype, samples: int = P, dimensions: int = D) -> tuple[Tensor, Tensor]:
    """Features [K, P, D_ENC] and a linear map [D, D_ENC], the same on every rank."""
    return draw(K, samples, D_ENC, seed=1).to(dtype), draw(dimensions, D_ENC, seed=2).to(dtype)


class _Heads(nn.Module):
    """A linear map, with the objective's own parameters, as DDP trains them."""

    def __init__(self, W: Tensor, objective: nn.Module):
        super().__init__()
        self.W, self.objective = nn.Parameter(W), objective

    def forward(self, h: Tensor) -> Tensor:
        return self.objective(h @ self.W.mT)


def one_process(name: str, dtype: torch.dtype, samples: int = P, dimensions: int = D) -> dict[str, Any]:
    """Loss and gradients of the whole batch."""
    h, W = batch(dtype, samples, dimensions)
    heads = _Heads(W, cases()[name]().make(dimensions)).to(dtype)
    loss = heads(h)
    loss.backward()
    return {"loss": loss.detach(), "gradients": [p.grad for p in heads.parameters()]}


def on_a_rank(rank: int, ranks: int, folder: str) -> None:
    """Every case in float32 and float64 on this rank's samples, under DDP; the result goes to a file."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=ranks)
    results: dict[str, dict[str, Any]] = {}
    for name in sorted(cases()):
        for dtype in (torch.float32, torch.float64):
            results[f"{name}-{dtype}"] = _share(name, dtype, rank, ranks)
        results[f"{name}-wide"] = _share(name, torch.float64, rank, ranks, *WIDE)
        results[f"{name}-bytes"] = {"elements": _elements_sent(name, rank, ranks)}
    torch.save(results, f"{folder}/{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()


def _share(
    name: str, dtype: torch.dtype, rank: int, ranks: int, samples: int = P, dimensions: int = D
) -> dict[str, Any]:
    h, W = batch(dtype, samples, dimensions)
    heads = DistributedDataParallel(_Heads(W, cases()[name]().make(dimensions)).to(dtype))
    loss = heads(h.chunk(ranks, dim=1)[rank])
    loss.backward()
    return {"loss": loss.detach(), "gradients": [p.grad for p in heads.parameters()]}


def _elements_sent(name: str, rank: int, ranks: int) -> int:
    """Numbers that a rank hands to collectives in one step, forward and backward."""
    h, W = batch(torch.float32, samples=20 * P)
    z = (h.chunk(ranks, dim=1)[rank] @ W.mT).requires_grad_()
    objective = cases()[name]().make(D)
    sent = 0

    def counting(call):
        def counted(*arguments, **options):
            nonlocal sent
            first = next(a for a in arguments if isinstance(a, Tensor))
            sent += first.numel() if first.is_floating_point() else 0
            return call(*arguments, **options)

        return counted

    calls = {key: getattr(dist, key) for key in ("all_reduce", "all_gather", "reduce_scatter", "broadcast")}
    try:
        for key, call in calls.items():
            setattr(dist, key, counting(call))
        objective(z).backward()
    finally:
        for key, call in calls.items():
            setattr(dist, key, call)
    return sent
