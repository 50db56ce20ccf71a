"""Ranks of runs, what they have to do with accuracies, and the figure."""

import io
from typing import Literal

import pytest
import torch
from rich.console import Console

from eigenview.inspect import Inspected, as_json, plot, show
from eigenview.inspect.figure import _figure
from eigenview.inspect.rank_agreement import agreements, mean_ranks, rank_inputs
from eigenview.measures import RECOMMENDED, WHY_RECOMMENDED, MeasureResult, panel
from eigenview.measures.reference_clouds import reference_cloud
from eigenview.plotting.style import style


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


def test_mean_ranks_are_over_the_measures_that_all_have():
    both = [("features", "rank"), ("features", "spread_low")]
    assert mean_ranks(by_features(*RUNS), both) == [3, 1.5, 1.5, 4]
    assert mean_ranks(by_features(*RUNS), both[:1]) == [3, 1, 2, 4]
    without = run("e", None, rank=40.0, spread_low=None)
    assert mean_ranks(by_features(*RUNS, without), both) == [4, 2, 3, 5, 1]
    assert rank_inputs(by_features(*RUNS, without))["features", "spread_low"] == [3, 2, 1, 4, None]
    assert mean_ranks([{}, {}], both) == [None, None]


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
    assert "agreed best" not in as_json(RUNS)["why"]


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


def test_on_a_narrow_terminal_no_line_is_cut_nor_too_long():
    cloud = torch.randn(3, 60, 16, generator=torch.Generator().manual_seed(0))
    text = shown(
        Inspected("x.npy", "x.npy", "file", None, {"features": cloud}, {"features": panel(cloud)}, {}), width=80
    )
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text


def test_correlations_are_spearmans():
    readings = by_features(*RUNS)
    found = {a.measure: a for a in agreements(readings, [0.5, 0.7, 0.6, None], "linear")}
    assert found["rank"].correlation == pytest.approx(1)
    assert found["spread_low"].correlation == pytest.approx(-0.5)
    assert {a.n for a in found.values()} == {3}
    assert list(found) == ["rank", "spread_low"]
    assert agreements(readings, [0.5, 0.7, None, None], "linear") == []
    assert agreements(readings, [0.5, 0.5, 0.5, 0.5], "linear") == []


def test_the_table_of_several_runs_begins_with_the_best_and_marks_it():
    text = shown(*RUNS)
    assert text.startswith("4 inputs, ranked without labels")
    summary = text[: text.index("features (*")].splitlines()[2:]
    assert [line.split()[0] for line in summary] == ["b", "c", "a", "d"]
    assert "30 *" in text
    assert "1 *" in text
    assert "70.0%" in text
    assert "3 runs are too few" in text
    more = shown(*RUNS, *(run(f"e{i}", 0.3 + i / 10, rank=float(i), spread_low=0.5) for i in range(3)))
    assert "too few" not in more


def test_many_measures_go_below_each_other_where_a_line_has_no_room():
    values = {f"measure_{i}_of_many": float(i) for i in range(12)}
    text = shown(run("a", None, **values), run("b", None, **values), width=80)
    assert text.count("features (*") > 1
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("11") >= 2


def test_the_table_of_one_says_value_verdict_reference_and_why_there_is_none():
    cloud = torch.randn(3, 500, 16, generator=torch.Generator().manual_seed(0))
    one = Inspected("x.npy", "x.npy", "file", None, {"features": cloud}, {"features": panel(cloud)}, {})
    one.results["features"].append(reading("other", None))
    text = shown(one)
    (line,) = [line for line in text.splitlines() if line.lstrip().startswith("effective rank")]
    assert "good" in line
    assert "15.9 isotropic" in line
    assert "dimensional collapse" in line
    assert "too few rows" in text
    assert "3 views × 500 samples × 16" in text


def test_json_of_one_and_of_several():
    one, several = as_json(RUNS[:1]), as_json(RUNS)
    assert one["mean_ranks"] is one["agreement"] is None
    assert several["mean_ranks"] == [3, 1.5, 1.5, 4]
    assert several["inputs"][1]["probes"] == {"linear": 0.7}
    assert several["agreement"][0]["measure"] in ("rank", "spread_low")
    assert one["inputs"][0]["clouds"]["features"]["shape"] == [2, 9, 4]
    assert one["inputs"][0]["clouds"]["features"]["results"][0]["value"] == 10


@pytest.mark.parametrize(("which", "ending"), [("one", ".png"), ("rows", ".pdf"), ("both", ".svg")])
def test_a_figure_of_one_and_of_several(tmp_path, which, ending):
    clouds = {"features": torch.randn(2, 30, 8), "embeddings": torch.zeros(2, 30, 4)}
    one = Inspected("$a_b", "a", "run", 1, clouds, {}, {})
    rows = Inspected("rows", "b", "file", None, {"features": torch.randn(20, 50).bfloat16()}, {}, {})
    path = tmp_path / f"figure{ending}"
    plot({"one": [one], "rows": [rows], "both": [one, rows]}[which], path)
    assert path.read_bytes()[:5] in (b"\x89PNG\r", b"<?xml", b"%PDF-")


def test_in_a_figure_of_several_an_input_has_one_colour_and_panels_do_not_overlap(tmp_path):
    x = torch.randn(2, 30, 8)
    long = "a-long-name-of-a-run-that-has-many-options" * 2
    found = [
        Inspected("without", "a", "run", 1, {"features": x}, {}, {}),
        *(Inspected(n, n, "run", 1, {"features": x, "embeddings": x[..., :4]}, {}, {}) for n in ("b", long)),
    ]
    with style():
        figure = _figure(found)
        figure.draw_without_rendering()
        left, right = figure.axes
        colours = [{line.get_label(): line.get_color() for line in axes.lines} for axes in (left, right)]
        assert all(colours[0][name] == colour for name, colour in colours[1].items())
        assert left.get_window_extent().x1 < right.get_window_extent().x0
        assert left.get_window_extent().width > 150
        one = _figure(found[1:2])
        one.draw_without_rendering()
        spectra, *below = one.axes
        boxes = [axes.get_tightbbox() for axes in below]
        above = spectra.get_tightbbox()
        assert above is not None
        assert all(box is not None and box.y1 < above.y0 for box in boxes)
