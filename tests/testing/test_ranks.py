"""Functions on several ranks: what they return, and how they fail."""

import os

import pytest
import torch
from torch import distributed as dist

from eigenview.testing import run_on_ranks


def total(addend: int) -> tuple[int, int, float]:
    x = torch.tensor(float(dist.get_rank() + addend))
    dist.all_reduce(x)
    return dist.get_rank(), dist.get_world_size(), x.item()


def process() -> int:
    return os.getpid()


def fail_on_the_second() -> None:
    if dist.get_rank() == 1:
        raise ValueError("only here")
    dist.all_reduce(torch.zeros(1))


def end_on_the_first() -> None:
    if dist.get_rank() == 0:
        os._exit(3)


def test_ranks_see_each_other_and_answer_in_order():
    assert run_on_ranks(2, total, 10) == [(0, 2, 21.0), (1, 2, 21.0)]
    assert run_on_ranks(3, total, 0) == [(0, 3, 3.0), (1, 3, 3.0), (2, 3, 3.0)]


def test_processes_are_kept():
    assert run_on_ranks(2, process) == run_on_ranks(2, process)
    assert os.getpid() not in run_on_ranks(2, process)


def test_the_rank_that_failed_is_named_and_the_next_call_works():
    with pytest.raises(RuntimeError, match=r"(?s)^rank 1 of 2 failed:\n.*only here"):
        run_on_ranks(2, fail_on_the_second)
    assert run_on_ranks(2, total, 0) == [(0, 2, 1.0), (1, 2, 1.0)]


def test_a_rank_that_ended_is_replaced():
    with pytest.raises(RuntimeError, match="a rank ended while it ran end_on_the_first"):
        run_on_ranks(2, end_on_the_first)
    assert run_on_ranks(2, total, 0) == [(0, 2, 1.0), (1, 2, 1.0)]
