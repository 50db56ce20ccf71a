"""Running experiments, and what they leave on disk."""

import csv
import json
from dataclasses import replace
from io import StringIO

import pytest
from matplotlib.figure import Figure
from rich.console import Console

from eigenview import UsageError
from eigenview.cli import main
from eigenview.papers import EXPERIMENTS, Experiment, Outcome, read_record, reproduce, select_experiments, write_results
from eigenview.papers.claims import claim
from eigenview.papers.datasets import data_recipe
from eigenview.papers.listing import experiment_table, verdict_table
from eigenview.papers.writer import write_record

ONE = next(each for each in EXPERIMENTS if each.path == "dynamics/half-moons")


@pytest.fixture
def counted(monkeypatch) -> list[str]:
    """A quick experiment in place of a real one, and the scales at which it has run."""
    ran = []

    def run(self: Experiment):
        def experiment(scale: str, runs: object) -> Outcome:
            ran.append(scale)
            figure = Figure()
            figure.subplots().plot([1, 2])
            claims = (claim("one", "It is <one>.", "1", True), claim("two", "It is two.", "2", False))
            return Outcome(figure, "A line.", {"x": [1, 2], "y": [0.5, 0.25]}, claims)

        return experiment

    monkeypatch.setattr(Experiment, "run", property(run))
    return ran


def test_it_leaves_figures_numbers_claims_and_a_page(counted, tmp_path):
    (record,) = reproduce((ONE,), "smoke", tmp_path).records
    folder = tmp_path / "dynamics" / "half-moons"
    assert {file.name for file in folder.iterdir()} == {"figure.png", "figure.svg", "table.csv", "claims.json"}
    rows = csv.reader((folder / "table.csv").read_text().splitlines())
    assert [*rows] == [["x", "y"], ["1", "0.5"], ["2", "0.25"]]
    assert [each["verdict"] for each in json.loads((folder / "claims.json").read_text())["claims"]] == [
        "holds",
        "fails",
    ]
    assert read_record(tmp_path, ONE) == record
    page = (tmp_path / "index.html").read_text()
    assert "It is &lt;one&gt;." in page
    assert 'src="dynamics/half-moons/figure.svg"' in page


def test_what_was_run_at_a_scale_is_not_run_again_unless_asked(counted, tmp_path):
    reproduce((ONE,), "smoke", tmp_path)
    reproduce((ONE,), "smoke", tmp_path)
    reproduce((ONE,), "cpu", tmp_path)
    reproduce((ONE,), "cpu", tmp_path, again=True)
    assert counted == ["smoke", "cpu", "cpu"]


@pytest.mark.parametrize("left", ["", "{", '{"path": "dynamics/half-moons"}'])
def test_what_was_torn_runs_again(counted, tmp_path, left):
    reproduce((ONE,), "smoke", tmp_path)
    (tmp_path / ONE.path / "claims.json").write_text(left)
    assert read_record(tmp_path, ONE) is None
    reproduce((ONE,), "smoke", tmp_path)
    assert len(counted) == 2


def test_one_that_is_interrupted_leaves_those_before_it(counted, tmp_path, monkeypatch):
    def write(*given):
        if len(counted) == 2:
            raise KeyboardInterrupt
        return write_record(*given)

    monkeypatch.setattr("eigenview.papers.runner.write_record", write)
    with pytest.raises(KeyboardInterrupt):
        reproduce(EXPERIMENTS[:2], "smoke", tmp_path)
    assert read_record(tmp_path, EXPERIMENTS[0])
    assert read_record(tmp_path, EXPERIMENTS[1]) is None
    assert EXPERIMENTS[0].path in (tmp_path / "index.html").read_text()


def test_one_that_cannot_be_run_leaves_the_others_to_be(counted, tmp_path, monkeypatch, capsys):
    def write(out, experiment, *given):
        if experiment.path == "dynamics/width":
            raise UsageError("no pictures")
        return write_record(out, experiment, *given)

    monkeypatch.setattr("eigenview.papers.runner.write_record", write)
    assert main(["reproduce", "dynamics", "--scale", "smoke", "--out", str(tmp_path)]) == 1
    assert "failed: dynamics/width: no pictures" in capsys.readouterr().err
    done = {each.path for each in select_experiments("dynamics") if read_record(tmp_path, each)}
    assert done == {"dynamics/half-moons", "dynamics/flow", "dynamics/mnist"}
    assert main(["reproduce", "dynamics/width", "--scale", "smoke", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.endswith("\neigenview: no pictures\n")


def test_real_images_are_looked_for_where_the_variable_says_and_nowhere_else(tmp_path, monkeypatch):
    monkeypatch.setenv("EIGENVIEW_DATA", str(tmp_path))
    with pytest.raises(UsageError, match=r"^EIGENVIEW_DATA=.* does not hold some-train.parquet and some-test.parquet$"):
        data_recipe("some", "cpu")
    assert data_recipe("cifar10", "cpu").train.startswith("hf:")
    for split in ("train", "test"):
        (tmp_path / f"cifar10-{split}.parquet").touch()
    assert data_recipe("cifar10", "cpu").train == str(tmp_path / "cifar10-train.parquet")
    assert data_recipe("cifar10", "gpu").train.startswith("hf:")  # all of the data set
    monkeypatch.delenv("EIGENVIEW_DATA")
    assert data_recipe("cifar10", "cpu").train.startswith("hf:")
    with pytest.raises(UsageError, match=r"^EIGENVIEW_DATA is not set; set it to the folder that holds some-train"):
        data_recipe("some", "cpu")


def test_as_it_is_typed(counted, tmp_path, capsys):
    assert main(["reproduce", "dynamics/half-moons", "--scale", "smoke", "--out", str(tmp_path)]) == 0
    output = capsys.readouterr()
    assert "fails" in output.out
    assert "index.html" in output.err
    assert main(["reproduce", "--out", str(tmp_path)]) == 0
    assert "1 hold, 1 fail (smoke" in capsys.readouterr().out
    assert main(["reproduce", "nothing"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_on_a_narrow_terminal_verdicts_are_whole(counted, tmp_path, width):
    (record,) = reproduce((ONE,), "smoke", tmp_path).records
    long = replace(record, claims=(replace(record.claims[0], name="some claim", measured="12 of 34 nets; " * 30),))
    file = StringIO()
    console = Console(width=width, force_terminal=True, color_system=None, file=file)
    console.print(verdict_table([long]))
    console.print(experiment_table(EXPERIMENTS, dict.fromkeys([each.path for each in EXPERIMENTS], record)))
    text = file.getvalue()
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    assert "some claim" in text
    assert text.count("12") == 30
    assert all(each.path in text and each.shows.split()[-1] in text for each in EXPERIMENTS)


def test_an_outcome_is_whole():
    figure = Figure()
    with pytest.raises(ValueError, match="at least one claim"):
        Outcome(figure, "", {}, ())
    with pytest.raises(ValueError, match="equal lengths"):
        Outcome(figure, "", {"x": [1], "y": []}, (claim("a", "b", "c", None),))


OUTSIDE = """
from matplotlib.figure import Figure
from eigenview.papers import Experiment, Outcome, claim

def falls_off(scale, runs):
    \"\"\"Something falls.

    More of it.\"\"\"
    figure = Figure()
    figure.subplots().plot([2, 1])
    return Outcome(figure, "A line.", {"y": [2.0, 1.0]}, (claim("falls", "It falls.", "from 2 to 1", True),))

EXPERIMENT = Experiment("notes", "fall", "A fall", {"smoke": "2 s"}, falls_off)
NUMBER = 3

def other(x):
    pass
"""


def test_an_experiment_from_outside_is_run_by_its_import_path(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "outside_exps.py").write_text(OUTSIDE)
    assert main(["reproduce", "outside_exps:falls_off", "--scale", "smoke", "--out", "out"]) == 0
    output = capsys.readouterr()
    assert "from 2 to 1" in output.out
    assert "[1/1] outside_exps/falls-off (duration unknown): Something falls\n" in output.err
    assert main(["reproduce", "outside_exps:EXPERIMENT", "--scale", "smoke", "--out", "out"]) == 0
    page = (tmp_path / "out" / "index.html").read_text()
    assert "Something falls." in page
    assert "A fall." in page
    assert (tmp_path / "out" / "notes" / "fall" / "claims.json").exists()
    write_results(tmp_path / "out", tmp_path / "results.md")
    assert "0 of 26 experiments and 2 others, 2 claims: 2 hold" in (tmp_path / "results.md").read_text()
    capsys.readouterr()
    for wrong in ("outside_exps:other", "outside_exps:NUMBER", "outside_exps:none", "no_such_module:run"):
        assert main(["reproduce", wrong]) == 2
        assert capsys.readouterr().err.count("\n") == 1
