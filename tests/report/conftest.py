"""Synthetic runs, as training writes them."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from eigenview.runs import History
from eigenview.runs.record_lines import record_from_line

Line = dict[str, Any]


def start_line(**changes: Any) -> Line:
    return {
        "kind": "start",
        "time": 1750000000.0,
        "versions": {"eigenview": "0.1.0", "torch": "2.13.0", "python": "3.11.9"},
        "device": "cpu",
        "hardware": "AMD EPYC, 2 cores",
        "precision": "bf16-mixed",
        "parameters": {"encoder": 1_210_304, "projector": 131_712},
        "data": {"source": "digits", "train": 1437, "test": 360, "skipped": 0, "classes": 10, "size": [8, 8]},
        "objective": "MMCR",
        "K": 2,
        "P": 256,
        "D": 128,
        "steps": 600,
        "reference": {"collapsed": -16.0, "uniform": -172.1, "best": -181.0},
        "resumed_from": 0,
        **changes,
    }


def step_line(step: int, **changes: Any) -> Line:
    share = step / 600
    spectrum = [i ** (share - 2) for i in range(1, 65)]
    return {
        "kind": "step",
        "step": step,
        "epoch": step * 256 / 1437,
        "seconds": 38 * share,
        "images_per_s": 3100.0,
        "lr": 0.1 * (1 - share),
        "loss": -16 - 150 * share,
        "terms": {"centroids": -16 - 160 * share, "local": 10 * share},
        "scale": 0.9 * share,
        "gradient_norm": 2 - share,
        "effective_rank": {"features": 10 + 70 * share, "embeddings": 5 + 40 * share},
        "spectrum": {"features": spectrum, "embeddings": spectrum[:32]},
        **changes,
    }


def probe_line(probe: str, input: str, accuracy: float, spread: float = 0.02) -> Line:
    line = {"kind": "probe", "step": 600, "input": input, "probe": probe}
    return {**line, "accuracy": accuracy, "spread": spread, "draws": 20, "held_out": 360}


def end_line(outcome: str = "finished", step: int = 600) -> Line:
    return {"kind": "end", "step": step, "seconds": 38.1, "outcome": outcome}


def whole_run() -> list[Line]:
    return [
        start_line(),
        *(step_line(step) for step in range(0, 601, 50)),
        probe_line("kNN", "pixels", 0.97),
        probe_line("kNN", "features", 0.996),
        probe_line("1 label a class", "pixels", 0.58),
        probe_line("1 label a class", "features", 0.82, spread=0.031),
        end_line(),
    ]


def history(*lines: Line) -> History:
    """Of lines, each of which can be read."""
    return History.of(record_from_line(json.dumps(line)) for line in lines)


def write_run(
    run: Path, lines: list[Line], recipe: str = "objective: MMCR\n", pictures: bool = True, torn: str = ""
) -> Path:
    """Writes a run directory that holds `lines`, a recipe and, if wanted, both pictures."""
    (run / "pictures").mkdir(parents=True, exist_ok=True)
    (run / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + torn)
    (run / "recipe.yaml").write_text(recipe)
    for name in ("views.png", "neighbours.png") if pictures else ():
        Image.new("RGB", (60, 40), (200, 30, 30)).save(run / "pictures" / name)
    return run


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """`write_run` into a directory of the test's own."""
    return partial(write_run, tmp_path / "run")
