"""Which measure says, without a label, which of many runs is best: rank correlation with linear-probe accuracy.

Usage: python benchmarks/label_free.py [--write]

Trains 36 small runs on 10,000 CIFAR-10 images ($EIGENVIEW_DATA), whose labels are taken away first, for about an hour
on two cores; they stay in `runs/label_free`, and what was interrupted goes on. Then every measure of the catalogue is
taken of each run's features and embeddings, of views as the run itself drew them and of the same views for all.
"""

import json
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from rich.console import Console
from scipy.stats import rankdata, spearmanr

import published
from eigenview import load, train
from eigenview.config import (
    DataRecipe,
    EncoderRecipe,
    ObjectiveRecipe,
    OptimizerRecipe,
    ProjectorRecipe,
    Recipe,
    TrainingRecipe,
    ViewsRecipe,
)
from eigenview.data import open_images
from eigenview.inspect import extract_view_features
from eigenview.measures import CATALOGUE, label_linear, panel
from eigenview.runs import encode
from eigenview.views import POLICIES

DATA = published.real_data()
RUNS = Path(__file__).parents[1] / "runs" / "label_free"
LABELLED, UNLABELLED = DATA / "cifar10-train.parquet", RUNS / "cifar10-train-unlabelled.parquet"
OBJECTIVES = (
    ObjectiveRecipe("InfoNCE", {"temperature": 0.2}),
    ObjectiveRecipe("MMCR"),
    ObjectiveRecipe("VICReg"),
    ObjectiveRecipe("BarlowTwins"),
)
P, K, RESAMPLES = 1000, 4, 2000
VIEWS = {"own views": None, "the same views": POLICIES["large"]}
SPACES = ("features", "embeddings")
Column = tuple[str, str]


def recipes() -> Iterator[tuple[str, Recipe]]:
    """Each objective as it is, and with one thing changed at a time."""
    for objective in OBJECTIVES:
        base = Recipe(
            data=DataRecipe(str(UNLABELLED), size=24),
            views=ViewsRecipe(K=2, policy=POLICIES["large"]),
            encoder=EncoderRecipe("convnet", {"width": 16}),
            projector=ProjectorRecipe(D=64, hidden=(256,)),
            objective=objective,
            optimizer=OptimizerRecipe("adamw", lr=2e-3, weight_decay=1e-4),
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
            say(f"{name}: {train(recipe, out, resume=True)}")


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def accuracy(run: Path) -> float:
    """Of a linear probe on the features of 10,000 images, at 2,000 others: the one place that sees labels."""
    encoder, quiet = load(run), Console(quiet=True)
    known, held_out = open_images(str(LABELLED)), open_images(str(DATA / "cifar10-test.parquet"))
    x, x_test = (encode(encoder, images, 24, quiet) for images in (known, held_out))
    assert known.labels is not None
    assert held_out.labels is not None
    return label_linear(x, known.labels, x_test, held_out.labels)


def measured(run: Path) -> dict[str, dict[str, float | None]]:
    """By views and space: every measure of the catalogue, None where it has no value."""
    found: dict[str, dict[str, float | None]] = {}
    for views, policy in VIEWS.items():
        looked = extract_view_features(run, P=P, K=K, policy=policy)
        for space, cloud in zip(SPACES, (looked.h, looked.z), strict=True):
            readings = panel(cloud, references=False)
            found[f"{views}, {space}"] = {reading.measure: reading.value for reading in readings}
    return found


def results() -> dict[str, dict]:
    """What was found of each run, kept beside it."""
    found = {}
    for name, _ in recipes():
        run = directory(name)
        found[name] = {
            "accuracy": kept(run / "accuracy.json", lambda run=run: accuracy(run)),
            "measures": kept(run / "measures.json", lambda run=run: measured(run)),
        }
        say(f"{name}: measured")
    return found


def kept(file: Path, find: Callable[[], Any]) -> Any:
    if not file.exists():
        file.write_text(json.dumps(find(), indent=1))
    return json.loads(file.read_text())


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a resample may be constant
        return float(spearmanr(x, y)[0])  # pyright: ignore[reportArgumentType]


def interval(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Of 95%, by drawing runs with replacement."""
    generator = np.random.default_rng(0)
    drawn = (generator.integers(len(x), size=len(x)) for _ in range(RESAMPLES))
    low, high = np.nanpercentile([correlation(x[rows], y[rows]) for rows in drawn], [2.5, 97.5])
    return low, high


def within(x: np.ndarray, y: np.ndarray, groups: np.ndarray) -> float:
    """The mean over objectives of the rank correlation among an objective's own runs."""
    return float(np.nanmean([correlation(rankdata(x[groups == g]), y[groups == g]) for g in np.unique(groups)]))


def signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")


def table(found: dict[str, dict]) -> str:
    """A row a measure and space, the most telling of them first."""
    accuracies = np.array([each["accuracy"] for each in found.values()])
    groups = np.array([name.partition(",")[0] for name in found])
    rows = []
    for spec in CATALOGUE:
        for space in SPACES:
            cells, strengths = [], []
            for views in VIEWS:
                values = [each["measures"][f"{views}, {space}"][spec.name] for each in found.values()]
                x = np.array([np.nan if value is None else value for value in values])
                there = np.isfinite(x)
                if there.sum() < 10 or np.ptp(x[there]) == 0:
                    cells += ["—", "—"]
                    strengths.append(0.0)
                    continue
                rho, (low, high) = correlation(x[there], accuracies[there]), interval(x[there], accuracies[there])
                note = "" if there.all() else f" (of {there.sum()} runs)"
                inside = within(x[there], accuracies[there], groups[there])
                cells += [f"{signed(rho)} [{signed(low)}, {signed(high)}]{note}", signed(inside)]
                strengths.append(abs(rho))
            good = spec.direction or "neither"
            rows.append((max(strengths), f"| `{spec.name}` of {space} | {good} | {' | '.join(cells)} |"))
    head = "| measure | good is | own views | … within an objective | the same views | … within an objective |"
    lines = [line for _, line in sorted(rows, key=lambda row: -row[0])]
    return "\n".join([head, "|---|---|---|---|---|---|", *lines])


def runs_table(found: dict[str, dict]) -> str:
    ranked = sorted(found.items(), key=lambda item: -item[1]["accuracy"])
    lines = [f"| {name} | {each['accuracy']:.1%} |" for name, each in ranked]
    return "\n".join(["| run | linear probe |", "|---|---|", *lines])


def main() -> None:
    parser = published.parser(__doc__, __file__)
    arguments = parser.parse_args()
    train_all()
    found = results()
    text = f"""# Which measures rank runs without labels?

{len(found)} runs on 10,000 CIFAR-10 images (a convnet of width 16, 24×24 pixels, P = 128, K = 2): four objectives,
each at its defaults and with the augmentation strength, projector, D or training length changed. The table gives
Spearman's rank correlation of each measure with the accuracy of a linear probe on 2,000 other images, and a 95%
interval from resampling the runs. Each measure is taken on {K} views of {P:,} training images. "Good is" names the end
that the literature calls good.
(`python benchmarks/label_free.py --write`)

{table(found)}

{runs_table(found)}

{published.made_with("torch")}
"""
    published.publish(text, __file__, arguments.write)


if __name__ == "__main__":
    main()
