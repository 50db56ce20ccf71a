"""A momentum teacher on several processes; apart from its test, so that they import no more than they need."""

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.nn.parallel import DistributedDataParallel

from eigenview.nets import ConvNet, Encoder, Model, Projector
from eigenview.objectives import BYOL
from eigenview.training.teacher import EMATeacher

STEPS = 4


def small_model() -> Model:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        encoder = Encoder(ConvNet(2), (0.5,) * 3, (0.25,) * 3)
        return Model(encoder, Projector(encoder.features, 4, hidden=(6,)))


class _Whole(nn.Module):
    """What a rank trains, as one module for DDP."""

    def __init__(self) -> None:
        super().__init__()
        self.model, self.objective = small_model(), BYOL(4, hidden=(8,))

    def forward(self, views: Tensor, target: Tensor) -> Tensor:
        return self.objective(self.model(views)[1], target)


def train_a_rank(rank: int, ranks: int, folder: str) -> None:
    """A few steps on this rank's own images; teacher and predictor go to a file."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=ranks)
    torch.manual_seed(0)
    whole = _Whole()
    parallel = DistributedDataParallel(whole)
    teacher = EMATeacher(whole.model, 0.5, STEPS)
    optimizer = torch.optim.SGD(whole.parameters(), lr=0.1)
    for step in range(STEPS):
        views = torch.rand(2, 4, 3, 8, 8, generator=torch.Generator().manual_seed(100 * rank + step))
        optimizer.zero_grad()
        parallel(views, teacher.embed(views)).backward()
        optimizer.step()
        teacher.update(whole.model, step)
    # The nets' own batch norm is each rank's: running statistics, which a teacher does not use, differ.
    weights = {name: value for name, value in teacher.state_dict().items() if "running" not in name}
    torch.save({"teacher": weights, "predictor": whole.objective.state_dict()}, f"{folder}/{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()
