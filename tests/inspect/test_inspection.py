"""What several inputs are ranked by, in words and in JSON, and that collapse is never praised."""

import io
from typing import Literal

import torch
from rich.console import Console

from eigenview.inspect import Inspected, as_json, show
from eigenview.measures import RECOMMENDED, WHY_RECOMMENDED, MeasureResult, panel
from eigenview.measures.reference_clouds import reference_cloud


def reading(measure: str, value: float | None, direction: Literal["high", "low"] = "high") -> MeasureResult:
    return MeasureResult(measure, "what it says", direction, value, None if value is not None else "too few rows")


def run(name: str, linear: float | None, **values: float | None) -> Inspected:
    """A run whose measures, of features, have these values; by those that end in `_low`, low is good."""
    readings = [reading(m, value, "low" if m.endswith("low") else "high") for m, value in values.items()]
    probes = {} if linear is None else {"linear": linear}
    return Inspected(name, f"runs/{name}", "run", 7, {"features": torch.ones(2, 9, 4)}, {"features": readings}, probes)


def by_features(*runs: Inspected) -> list[dict[tuple[str, str], MeasureResult]]:
    return [{("features", r.measure): r for r in one.results["features"]} for one in runs]


RUNS = (
    run("a", 0.5, rank=10.0, spread_low=3.0),
    run("b", 0.7, rank=30.0, spread_low=2.0),
    run("c", 0.6, rank=20.0, spread_low=1.0),
    run("d", None, rank=5.0, spread_low=4.0),
)


def shown(*runs: Inspected, width: int = 200) -> str:
    console = Console(file=io.StringIO(), width=width, no_color=True)
    show(runs, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_runs_are_ranked_by_what_is_recommended_where_all_have_it():
    runs = [
        run(n, None, **{m: value for m, _ in RECOMMENDED}, a_low=1 / value) for n, value in (("a", 2.0), ("b", 3.0))
    ]
    said = as_json(runs)
    assert {(key["measure"], key["cloud"]) for key in said["ranked_by"]} == set(RECOMMENDED)
    assert said["why"] == WHY_RECOMMENDED
    text = shown(*runs)
    assert WHY_RECOMMENDED in " ".join(text.split())
    assert [key["measure"] for key in as_json(RUNS)["ranked_by"]] == ["rank", "spread_low"] * 2
    assert "correlated best" not in as_json(RUNS)["why"]


def test_a_collapsed_run_is_called_so_and_its_views_that_agree_are_no_praise():
    clouds = {name: reference_cloud(name, 3, 60, 16) for name in ("collapsed", "ideal")}
    both = [
        Inspected(name, name, "file", None, {"features": x}, {"features": panel(x)}, {}) for name, x in clouds.items()
    ]
    text = shown(both[0])
    assert "collapsed, fill 1.0" in text
    (line,) = [line for line in text.splitlines() if line.lstrip().startswith("alignment")]
    assert "good" not in line
    assert "collapsed features score the same" in line
    assert "not collapsed, fill" in shown(both[1])
    (line,) = [line for line in shown(*both).splitlines() if line.lstrip().startswith("collapsed")][:1]
    assert line.split()[-2] == "collapsed" or line.split()[-1] == "collapsed"


def test_json_of_one_and_of_several():
    one, several = as_json(RUNS[:1]), as_json(RUNS)
    assert one["mean_ranks"] is one["agreement"] is None
    assert several["mean_ranks"] == [3, 1.5, 1.5, 4]
    assert several["inputs"][1]["probes"] == {"linear": 0.7}
    assert several["agreement"][0]["measure"] in ("rank", "spread_low")
    assert one["inputs"][0]["clouds"]["features"]["shape"] == [2, 9, 4]
    assert one["inputs"][0]["clouds"]["features"]["results"][0]["value"] == 10
