"""The work of each process in these tests, on inputs that all of them generate alike."""

import torch
from torch import Tensor
from torch import distributed as dist

from eigenview.distributed import (
    all_gather,
    all_reduce_sum,
    all_reduce_sum_symmetric,
    mean_over_ranks,
    require_equal_shapes,
    world_size,
)
from eigenview.linalg import covariance, nuclear_norm


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def matrices() -> dict[str, Tensor]:
    """Matrices of 12 rows, which 2 and 3 processes can share, one of each kind that is treated separately."""
    orthogonal = torch.linalg.qr(draw(12, 5, seed=3)).Q
    turned = torch.linalg.qr(draw(5, 5, seed=4)).Q
    return {
        "tall": draw(12, 5),
        "square": draw(12, 12, seed=1),
        "wide": draw(12, 40, seed=2),
        "nearly collapsed": orthogonal * torch.logspace(0, -9, 5, dtype=torch.float64) @ turned.mT,
        "equal rows": torch.ones(12, 5, dtype=torch.float64),
        "zero": torch.zeros(12, 5, dtype=torch.float64),
    }


def weights(rank: int) -> Tensor:
    """Weights by which each process uses its result differently."""
    return draw(5, seed=10 + rank)


def on_a_rank(rank: int, world: int, folder: str) -> None:
    """Runs everything once and saves the results to a file."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=world)
    found: dict[str, Tensor | str | int | None] = {"world size": world_size()}

    def own(x: Tensor) -> Tensor:
        return x.chunk(world)[rank].clone().requires_grad_()

    x = own(matrices()["tall"])
    (all_reduce_sum(x.sum(0)) * weights(rank)).sum().backward()
    found["all_reduce_sum, used differently"] = x.grad
    x = own(matrices()["tall"])
    mean_over_ranks(x.square().mean()).backward()
    found["mean"] = x.grad
    x = own(matrices()["tall"])
    everything = all_gather(x)
    (everything @ weights(rank)).square().sum().backward()
    found["gathered"], found["all_gather"] = everything.detach(), x.grad
    x = own(matrices()["tall"])
    all_reduce_sum_symmetric(x.mT @ x).square().sum().backward()
    found["all_reduce_sum_symmetric"] = x.grad
    x = own(matrices()["tall"])
    covariance(x).pow(3).sum().backward()
    found["covariance"] = x.grad
    for name, matrix in matrices().items():
        x = own(matrix)
        norm = nuclear_norm(x, across_ranks=True)
        norm.backward()
        found[f"norm, {name}"], found[f"gradient, {name}"] = norm.detach(), x.grad
    broken = own(matrices()["tall"]).detach()
    broken[0, 0] = torch.nan if rank == 0 else 0.0
    found["norm of what is broken on one rank"] = nuclear_norm(broken, across_ranks=True)
    try:
        require_equal_shapes(torch.zeros(2, 3 + rank))
    except ValueError as error:
        found["refused"] = str(error)
    require_equal_shapes(torch.zeros(2, 3))
    torch.save(found, f"{folder}/{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()
