"""What is defined outside the package takes part by its import path alone."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from eigenview import Monitor
from eigenview.cli import main
from eigenview.runs import History, Run
from eigenview.views import augment

PROJECT = Path(__file__).parent / "outside"
SMALL = "--encoder.options width=8 --projector.D 16 --training.P 32 --training.steps 4 --training.measure-every 2"


@pytest.fixture(autouse=True)
def in_a_project_of_ones_own(monkeypatch):
    """Modules of the current directory are found."""
    monkeypatch.chdir(PROJECT)


def test_an_objective_trains_by_its_import_path(tmp_path):
    out = tmp_path / "run"
    words = ["train", "--objective", "my_objective:Frame", "--objective.options", "weight=0.5", "--out", str(out)]
    assert main([*words, *SMALL.split()]) == 0
    run = Run.open(out)
    assert (run.recipe.objective.name, run.recipe.objective.options) == ("my_objective:Frame", {"weight": 0.5})
    assert [record.step for record in run.history.steps] == [1, 2, 4]
    for record in run.history.steps:
        assert set(record.terms) == {"alignment", "potential"}
        assert record.scale == pytest.approx((-0.5 - record.value("loss")) / (-0.5 - (0.5 / 16 - 1)))
    assert "my_objective:Frame" in (out / "report.html").read_text()


def test_a_recipe_of_parts_of_ones_own_trains(tmp_path):
    """Data source, view transform, net, objective and alarm, all named by a recipe that an import path names."""
    out = tmp_path / "run"
    assert main(["train", "--recipe", "my_recipe:tiny", "--out", str(out)]) == 0
    run = Run.open(out)
    assert run.recipe.data.train == "my_data:load"
    assert run.recipe.views.policy.custom == ("my_views:cutout",)
    assert run.recipe.encoder.name == "my_net:Mean"
    assert run.recipe.training.alarms == ("my_alarm:HIGH_LOSS",)
    assert "high loss" in {record.name for record in run.history.alarms}
    start = run.history.start
    assert start is not None
    assert start.data is not None
    assert start.data.train == 64
    assert start.parameters["encoder"] == 6 * 6 + 6


def test_a_view_transform_is_in_the_views(tmp_path):
    out = tmp_path / "run"
    assert main(["train", "--recipe", "my_recipe:tiny", "--out", str(out)]) == 0
    recipe = Run.open(out).recipe
    pixels = torch.full((5, 3, 8, 8), 255, dtype=torch.uint8)
    views = augment(pixels, replace(recipe.views.policy, noise=0.0), 2, torch.Generator().manual_seed(0), 8)
    assert ((views == 0).flatten(2).float().mean(-1) == 1 / 4).all()


def test_a_measure_is_taken_by_its_import_path(tmp_path):
    with Monitor(measures=["my_measure:norm_spread"], every=1, out=tmp_path / "monitor") as monitor:
        monitor.observe(torch.randn(30, 5, generator=torch.Generator().manual_seed(0)))
        monitor.step()
    (record,) = History.read(tmp_path / "monitor" / "metrics.jsonl").steps
    assert 0 < record.value("norm_spread", "embeddings") < 1


def test_an_experiment_runs_by_its_import_path(tmp_path, capsys):
    out = tmp_path / "reproduced"
    assert main(["reproduce", "my_experiment:FALL", "--scale", "smoke", "--out", str(out)]) == 0
    assert "holds" in capsys.readouterr().out
    assert (out / "outside" / "fall" / "figure.png").exists()
