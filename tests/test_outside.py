"""What is defined outside the package takes part by its import path alone."""

from pathlib import Path

import pytest

from eigenview.cli import main
from eigenview.runs import Run

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
