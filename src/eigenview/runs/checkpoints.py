"""Checkpoints: each a folder that is either whole or not there."""

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
    """What a checkpoint holds: the model's tensors, and whatever else training needs to go on."""

    step: int
    weights: dict[str, Tensor]
    state: dict[str, Any]


def save_checkpoint(folder: Path, checkpoint: Checkpoint, keep: int = 2) -> Path:
    """Writes a checkpoint beside the others, renames it into place once it is on disk, and drops the oldest.

    Args:
        folder: the run's `checkpoints`.
        checkpoint: weights go to `model.safetensors`, state to `state.pt`, which loads with `weights_only=True`.
        keep: how many to keep.

    Raises:
        OSError: it could not be written; the earlier ones are untouched.
    """
    final = folder / f"{_PREFIX}{checkpoint.step:08d}"
    if final.exists():  # A step has one outcome: what is there is what would be written.
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
    """Reads a checkpoint onto the CPU.

    Raises:
        UsageError: its files are missing, damaged, or hold more than tensors and plain values.
    """
    try:
        state = torch.load(path / "state.pt", weights_only=True, map_location="cpu")
        return Checkpoint(state.pop("step"), load_file(path / "model.safetensors"), state)
    except Exception as error:
        raise UsageError(f"the checkpoint {path} cannot be read: {error}") from error


def list_checkpoints(folder: Path) -> list[Path]:
    """The whole checkpoints of a run, oldest first."""
    return sorted(folder.glob(f"{_PREFIX}*"))


def remove_torn(folder: Path) -> None:
    """Removes what a killed run left half-written."""
    for torn in folder.glob(f".{_PREFIX}*.tmp"):
        shutil.rmtree(torn)


def _flush(path: Path) -> None:
    """Waits until a file's bytes, or a folder's names, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
