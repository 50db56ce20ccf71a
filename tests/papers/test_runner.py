"""Running experiments, and what is left of them on disk."""

import csv
import json
from dataclasses import replace
from io import StringIO

import pytest
from matplotlib.figure import Figure
from rich.console import Console

from eigenview import UsageError
from eigenview.cli import main
from eigenview.papers import EXPERIMENTS, Experiment, Outcome, chosen, record_of, reproduce
from eigenview.papers.datasets import data_of
from eigenview.papers.listing import listed, verdicts
from eigenview.papers.outcome import claim
from eigenview.papers.records import write_record

ONE = next(each for each in EXPERIMENTS if each.path == "dynamics/half-moons")


@pytest.fixture
def counted(monkeypatch) -> list[str]:
    """A quick experiment in place of a real one, and the scales at which it has run."""
    ran = []

    def run(self: Experiment):
        def experiment(scale: str, trained: object) -> Outcome:
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
    assert record_of(tmp_path, ONE) == record
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
    assert record_of(tmp_path, ONE) is None
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
    assert record_of(tmp_path, EXPERIMENTS[0])
    assert record_of(tmp_path, EXPERIMENTS[1]) is None
    assert EXPERIMENTS[0].path in (tmp_path / "index.html").read_text()


def test_one_that_cannot_be_run_leaves_the_others_to_be(counted, tmp_path, monkeypatch, capsys):
    def write(out, experiment, *given):
        if experiment.path == "dynamics/width":
            raise UsageError("no pictures")
        return write_record(out, experiment, *given)

    monkeypatch.setattr("eigenview.papers.runner.write_record", write)
    assert main(["reproduce", "dynamics", "--scale", "smoke", "--out", str(tmp_path)]) == 1
    assert "not run: dynamics/width: no pictures" in capsys.readouterr().err
    done = {each.path for each in chosen("dynamics") if record_of(tmp_path, each)}
    assert done == {"dynamics/half-moons", "dynamics/flow", "dynamics/mnist"}
    assert main(["reproduce", "dynamics/width", "--scale", "smoke", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "eigenview: no pictures\n"


def test_pictures_that_are_nowhere_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("EIGENVIEW_DATA", str(tmp_path))
    with pytest.raises(UsageError, match=r"^some-train.parquet and some-test.parquet are not in"):
        data_of("some", "cpu")


def test_each_is_a_file_of_its_paper():
    for each in EXPERIMENTS:
        assert callable(each.run)
        assert each.cost.keys() == {"smoke", "cpu", "gpu"}
    assert len({each.path for each in EXPERIMENTS}) == len(EXPERIMENTS)


def test_a_selection_is_all_a_paper_or_one():
    assert chosen("all") == EXPERIMENTS
    assert {each.paper for each in chosen("dynamics")} == {"dynamics"}
    assert chosen("dynamics/half-moons") == (ONE,)
    with pytest.raises(UsageError, match="dynamics/half-moons"):
        chosen("dynamics/half-moon")


def test_as_it_is_typed(counted, tmp_path, capsys):
    assert main(["reproduce", "dynamics/half-moons", "--scale", "smoke", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert "fails" in said.out
    assert "index.html" in said.err
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
    console.print(verdicts([long]))
    console.print(listed(EXPERIMENTS, dict.fromkeys([each.path for each in EXPERIMENTS], record)))
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
    with pytest.raises(ValueError, match="one length"):
        Outcome(figure, "", {"x": [1], "y": []}, (claim("a", "b", "c", None),))
