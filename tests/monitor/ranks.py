"""A monitored model on several processes; apart from its test, so that they import no more than they need."""

from pathlib import Path

import torch
from torch import distributed as dist
from torch.nn.parallel import DistributedDataParallel

from eigenview.monitor import Monitor, Sampling
from tests.monitor.loops import Net, batch, sgd


def train_a_rank(rank: int, ranks: int, folder: str) -> None:
    """Trains on this rank's own rows, with a monitor and without; weights go to a file."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=ranks)
    found = {}
    for name in ("with", "without"):
        torch.manual_seed(rank)
        model = DistributedDataParallel(Net())
        optimizer, monitor = sgd(model), None
        if name == "with":
            # The ranks call it differently often: nothing here may wait for another.
            monitor = Monitor(
                model, "backbone", "module.projector", every=3, sampling=Sampling(6), out=Path(folder) / f"on {rank}"
            )
            monitor.start()
        for step in range(7):
            if monitor is not None and rank == 1:
                monitor.observe(torch.ones(2, 2))
            model(batch(100 * rank + step)).square().mean().backward()
            optimizer.step()
            optimizer.zero_grad()
        if monitor is not None:
            monitor.close()
        found[name] = model.module.state_dict()
    torch.save(found, f"{folder}/{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()
