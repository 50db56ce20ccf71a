"""The start of a run's metrics: versions, hardware, sizes."""

import os
import platform
import time
from dataclasses import asdict
from pathlib import Path

import torch
from torch import nn

from eigenview._version import __version__
from eigenview.data import Images
from eigenview.runs import DataRecord, LossLevels, StartRecord
from eigenview.training.learner import Learner


def describe(learner: Learner, images: Images, test: Images | None, resumed_from: int) -> StartRecord:
    """The first record of a run, or the one with which it is resumed."""
    recipe, model = learner.recipe, learner.model
    reads_captions = learner.vocabulary is not None and images.captions is not None
    return StartRecord(
        time=time.time(),
        versions={
            "eigenview": __version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
        device=learner.fabric.device.type,
        resumed_from=resumed_from,
        hardware=hardware(learner.fabric.device.type),
        precision=learner.precision,
        parameters={
            **{name.replace("_", " "): _count(part) for name, part in model.named_children()},
            "objective": _count(learner.objective),
        },
        data=DataRecord(
            source=recipe.data.train,
            train=len(images),
            test=None if test is None else len(test),
            skipped=len(images.skipped),
            classes=None if images.class_names is None else len(images.class_names),
            size=images.size,
            view=learner.size,
            captions=sum(map(len, images.captions or ())) if reads_captions else None,
            vocabulary=len(learner.vocabulary or ()) if reads_captions else None,
        ),
        objective=recipe.objective.name,
        K=learner.K,
        P=recipe.training.P,
        D=learner.D,
        steps=learner.steps,
        reference=LossLevels(**asdict(learner.reference)),
    )


def hardware(device: str) -> str:
    """The name of the GPU, or of the processor with its number of cores."""
    if device == "cuda":
        return torch.cuda.get_device_name()
    cpuinfo = Path("/proc/cpuinfo")
    named = [line for line in cpuinfo.read_text().splitlines() if "model name" in line] if cpuinfo.exists() else []
    name = named[0].split(":")[1].strip() if named else platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores"


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
