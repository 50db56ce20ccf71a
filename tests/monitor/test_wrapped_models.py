"""Models within DDP and torch.compile."""

import pytest
import torch
from torch import nn
from torch.multiprocessing.spawn import spawn

from eigenview import Monitor, UsageError
from eigenview.measures import effective_rank
from eigenview.monitor import Sampling
from tests.monitor.loops import Net, batch, lines, train
from tests.monitor.ranks import train_a_rank


def test_a_rank_that_is_not_the_first_does_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    model = Net()
    with Monitor(model, "backbone", out=tmp_path / "on 1") as monitor:
        assert not any(module._forward_hooks for module in model.modules())
        monitor.observe(torch.ones(2, 2))
        monitor.step()
        train(model, 1)
    assert not (tmp_path / "on 1").exists()


@pytest.mark.slow  # each rank imports torch anew
def test_across_ranks_the_first_writes_and_weights_are_the_same(tmp_path):
    spawn(train_a_rank, (2, str(tmp_path)), nprocs=2)
    saved = [torch.load(tmp_path / f"{rank}.pt") for rank in range(2)]
    for name, weight in saved[0]["without"].items():
        assert all(torch.equal(weight, run[name]) for one in saved for run in one.values())
    assert [line["step"] for line in lines(tmp_path / "on 0")] == [1, 3, 6]
    assert not (tmp_path / "on 1").exists()
    # The first measurement is of the first step: rank 0's own rows, as the weights were.
    torch.manual_seed(0)
    assert lines(tmp_path / "on 0")[0]["effective_rank"]["embeddings"] == effective_rank(Net()(batch(0)))


@pytest.fixture
def compiled():
    torch._dynamo.reset()
    yield lambda model: torch.compile(model, backend="eager")
    torch._dynamo.reset()


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # torch looks at it where its graph breaks
def test_a_compiled_model_is_heard_if_it_is_entered_before_the_first_call(tmp_path, compiled):
    expected = {}
    model = Net()
    model.backbone[2] = nn.Identity()  # dropout draws otherwise when compiled
    fast = compiled(model)
    with Monitor(fast, "backbone", "_orig_mod.projector", every=3, sampling=Sampling(6), out=tmp_path):
        train(fast, 7, lambda step, z: expected.update({step: effective_rank(z)}))
    train(fast, 3)  # what was compiled with the hook goes on without it
    assert lines(tmp_path, None)[-1]["step"] == 7
    assert [line["step"] for line in lines(tmp_path)] == [1, 3, 6]
    for line in lines(tmp_path):
        assert line["effective_rank"]["embeddings"] == pytest.approx(expected[line["step"]], rel=1e-6)
        assert line["effective_rank"]["features"] > 1


def test_of_a_model_compiled_and_called_before_the_output_is_heard_and_the_rest_said_missing(tmp_path, compiled):
    model = Net()
    fast = compiled(model)
    train(fast, 1)
    with Monitor(fast, "backbone", "", every=3, sampling=Sampling(6), out=tmp_path):
        train(fast, 3)
    line = lines(tmp_path)[-1]
    assert line["effective_rank"]["embeddings"] > 1
    assert "for the first time inside the monitor" in line["missing"]["effective_rank"]["features"]


def test_a_compiled_part_is_heard_outside_of_what_is_compiled(tmp_path, compiled):
    model = Net()
    model.backbone = compiled(model.backbone)
    train(model, 1)
    with Monitor(model, "backbone", "projector", every=3, sampling=Sampling(6), out=tmp_path):
        train(model, 3)
    assert "missing" not in lines(tmp_path)[-1]


def test_copies_across_devices_are_refused():
    with pytest.raises(UsageError, match="use DDP"):
        Monitor(nn.DataParallel(Net()), "backbone")
