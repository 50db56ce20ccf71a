"""Checkpoints: each a folder that is either complete or absent."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from eigenview._errors import UsageError

_PREFIX = "step-"


@dataclass(frozen=True)
class Checkpoint:
    """The weights of the model, and the rest of the state that training needs to resume."""

    step: int
    weights: dict[str, Tensor]
    state: dict[str, Any]


def save_checkpoint(folder: Path, checkpoint: Checkpoint, keep: int = 2) -> Path:
    """Write a checkpoint, rename it into place once it is on disk, and delete the oldest.

    Args:
        folder: `checkpoints` of a run.
        checkpoint: weights go to `model.safetensors`, state to `state.pt`, which loads with `weights_only=True`.
        keep: number of checkpoints to keep.

    Raises:
        OSError: the checkpoint could not be written; earlier ones are untouched.
    """
    final = folder / f"{_PREFIX}{checkpoint.step:08d}"
    if final.exists():  # Training is deterministic: the existing checkpoint is what would be written.
        return final
    beside = folder / f".{final.name}.tmp"
    remove_torn(folder)
    beside.mkdir(parents=True)
    try:
        # Without its strides (channels_last): the values are what is kept, and safetensors takes no others.
        weights = {name: tensor.detach().contiguous() for name, tensor in checkpoint.weights.items()}
        save_file(weights, beside / "model.safetensors")
        torch.save({"step": checkpoint.step, **checkpoint.state}, beside / "state.pt")
        for written in (*beside.iterdir(), beside):
            _flush(written)
    except Exception as error:
        shutil.rmtree(beside, ignore_errors=True)
        # torch and safetensors have their own words for a full disk.
        raise OSError(f"could not write the checkpoint of step {checkpoint.step} to {folder}: {error}") from error
    os.rename(beside, final)
    _flush(folder)
    for old in list_checkpoints(folder)[:-keep]:
        # Renamed first, so that a kill in between leaves no half of a checkpoint under its name.
        shutil.rmtree(old.rename(folder / f".{old.name}.tmp"))
    return final


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint onto the CPU.

    Raises:
        UsageError: its files are missing, damaged, or hold more than tensors and plain values.
    """
    try:
        state = torch.load(path / "state.pt", weights_only=True, map_location="cpu")
        return Checkpoint(state.pop("step"), load_file(path / "model.safetensors"), state)
    except Exception as error:
        raise UsageError(f"the checkpoint {path} cannot be read: {error}") from error


def list_checkpoints(folder: Path) -> list[Path]:
    """The complete checkpoints of a run, oldest first."""
    return sorted(folder.glob(f"{_PREFIX}*"))


def remove_torn(folder: Path) -> None:
    """Remove checkpoints that a killed run left half-written."""
    for torn in folder.glob(f".{_PREFIX}*.tmp"):
        shutil.rmtree(torn)


def _flush(path: Path) -> None:
    """Wait until the bytes of a file, or the names in a folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
