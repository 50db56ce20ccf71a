import errno

import pytest
import torch

from eigenview.runs import Checkpoint, list_checkpoints, load_checkpoint, save_checkpoint
from eigenview.runs import checkpoints as module


def checkpoint(step: int) -> Checkpoint:
    weights = {
        "w": torch.full((2, 3, 4, 4), float(step)).to(memory_format=torch.channels_last),
        "n": torch.tensor(step),
    }
    return Checkpoint(step, weights, {"optimizer": {"state": {0: torch.ones(2)}}, "seconds": 1.5})


def test_what_is_saved_is_loaded(tmp_path):
    loaded = load_checkpoint(save_checkpoint(tmp_path, checkpoint(7)))
    assert loaded.step == 7
    assert loaded.state["seconds"] == 1.5
    assert torch.equal(loaded.state["optimizer"]["state"][0], torch.ones(2))
    assert {name: tensor.tolist() for name, tensor in loaded.weights.items()} == {
        name: tensor.tolist() for name, tensor in checkpoint(7).weights.items()
    }


def test_only_the_newest_are_kept(tmp_path):
    for step in (5, 10, 100, 1000):
        save_checkpoint(tmp_path, checkpoint(step), keep=2)
    assert [load_checkpoint(path).step for path in list_checkpoints(tmp_path)] == [100, 1000]


def test_a_full_disk_leaves_the_earlier_ones(tmp_path, monkeypatch):
    save_checkpoint(tmp_path, checkpoint(5))

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "save_file", full)
    with pytest.raises(OSError, match=r"checkpoint of step 10 .* No space left"):
        save_checkpoint(tmp_path, checkpoint(10))
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000005"]


def test_a_half_written_one_is_no_checkpoint_and_goes(tmp_path):
    torn = tmp_path / ".step-00000005.tmp"
    torn.mkdir()
    (torn / "model.safetensors").write_bytes(b"half")
    assert list_checkpoints(tmp_path) == []
    save_checkpoint(tmp_path, checkpoint(10))
    assert not torn.exists()


def test_a_pickle_with_code_in_it_is_refused(tmp_path):
    path = save_checkpoint(tmp_path, checkpoint(5))
    torch.save({"step": 5, "evil": print}, path / "state.pt")
    with pytest.raises(Exception, match=r"[Ww]eights"):
        load_checkpoint(path)
