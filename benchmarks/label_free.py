"""Which measure says, without a label, which of many runs is best: rank correlation with linear-probe accuracy.

Usage: python benchmarks/label_free.py [--write]

Trains 36 small runs on 10,000 CIFAR-10 images ($EIGENVIEW_DATA), whose labels are taken away first, for about an hour
on two cores; they stay in `runs/label_free`, and what was interrupted goes on.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq

from eigenview import train
from eigenview.runs.recipe import (
    DataRecipe,
    EncoderRecipe,
    ObjectiveRecipe,
    OptimiserRecipe,
    ProjectorRecipe,
    Recipe,
    TrainingRecipe,
    ViewsRecipe,
)
from eigenview.views import POLICIES

DATA = Path(os.environ.get("EIGENVIEW_DATA", Path(__file__).parents[2] / "shared" / "data"))
RUNS = Path(__file__).parents[1] / "runs" / "label_free"
LABELLED, UNLABELLED = DATA / "cifar10-train.parquet", RUNS / "cifar10-train-unlabelled.parquet"
OBJECTIVES = (
    ObjectiveRecipe("InfoNCE", {"temperature": 0.2}),
    ObjectiveRecipe("MMCR"),
    ObjectiveRecipe("VICReg"),
    ObjectiveRecipe("BarlowTwins"),
)


def recipes() -> Iterator[tuple[str, Recipe]]:
    """Each objective as it is, and with one thing changed at a time."""
    for objective in OBJECTIVES:
        base = Recipe(
            data=DataRecipe(str(UNLABELLED), size=24),
            views=ViewsRecipe(K=2, policy=POLICIES["large"]),
            encoder=EncoderRecipe("convnet", {"width": 16}),
            projector=ProjectorRecipe(D=64, hidden=(256,)),
            objective=objective,
            optimiser=OptimiserRecipe("adamw", lr=2e-3, weight_decay=1e-4),
            training=TrainingRecipe(P=128, steps=400, checkpoint_every=400, precision="32-true"),
        )
        changed = {"base": base}
        for strength in (0.1, 0.4):
            views = replace(base.views, policy=POLICIES["large"].scaled(strength))
            changed[f"strength {strength}"] = replace(base, views=views)
        changed["no projector"] = replace(base, projector=ProjectorRecipe(D=0))
        changed["linear projector"] = replace(base, projector=ProjectorRecipe(D=64, hidden=()))
        for D in (8, 256):
            changed[f"D {D}"] = replace(base, projector=replace(base.projector, D=D))
        for steps in (50, 1200):
            changed[f"{steps} steps"] = replace(base, training=replace(base.training, steps=steps))
        for change, recipe in changed.items():
            yield f"{objective.name}, {change}", recipe


def directory(name: str) -> Path:
    return RUNS / name.replace(", ", "-").replace(" ", "-")


def train_all() -> None:
    RUNS.mkdir(parents=True, exist_ok=True)
    pq.write_table(pq.read_table(LABELLED, columns=["img"]), UNLABELLED)
    for name, recipe in recipes():
        out = directory(name)
        if not (out / "report.html").exists():
            print(name, train(recipe, out, resume=True), file=sys.stderr, flush=True)


if __name__ == "__main__":
    train_all()
