"""What `eigenview inspect` prints, on any terminal and on none."""

import pytest
import torch

from eigenview.inspect import Inspected, show
from eigenview.measures import panel
from eigenview.measures.reference_clouds import reference_cloud
from tests.inspect.test_inspection import RUNS, reading, run, shown
from tests.widths import assert_same_at_every_width, printed


def run_of(name: str, cloud: torch.Tensor, accuracy: float) -> Inspected:
    clouds = {"features": cloud, "embeddings": cloud[..., :4]}
    results = {group: panel(each) for group, each in clouds.items()}
    return Inspected(name, f"runs/{name}", "run", 7, clouds, results, {"linear": accuracy, "kNN": accuracy / 2})


@pytest.fixture(scope="module")
def runs() -> list[Inspected]:
    kinds = ("collapsed", "ideal", "unrelated")
    return [run_of(f"a-run-with-views-{kind}", reference_cloud(kind, 3, 60, 16), i / 3) for i, kind in enumerate(kinds)]


def test_one_input_is_explained_alike_at_every_width(runs):
    assert_same_at_every_width(lambda console: show(runs[:1], console))
    text = " ".join(printed(lambda console: show(runs[1:2], console), 60).split())
    assert "15.3 isotropic" in text
    assert "directions that features fill; low is dimensional collapse" in text
    assert "isotropic = Gaussian samples, the same in all directions" in text


def test_several_inputs_are_ranked_alike_at_every_width(runs):
    assert_same_at_every_width(lambda console: show(runs, console))


def test_a_name_of_brackets_is_no_markup(runs):
    one = Inspected("[red]x[/red]", "[red]x[/red].npy", "file", None, runs[0].clouds, runs[0].results, {})
    assert "[red]x[/red]" in printed(lambda console: show([one, runs[1]], console), 100)
    assert "[red]x[/red].npy" in printed(lambda console: show([one], console), 100)


def test_on_a_narrow_terminal_no_line_is_cut_nor_too_long():
    cloud = torch.randn(3, 60, 16, generator=torch.Generator().manual_seed(0))
    text = shown(
        Inspected("x.npy", "x.npy", "file", None, {"features": cloud}, {"features": panel(cloud)}, {}), width=80
    )
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text


def test_the_table_of_several_runs_begins_with_the_best_and_marks_it():
    text = shown(*RUNS)
    assert text.startswith("4 inputs, ranked without labels")
    summary = text[: text.index("features (*")].splitlines()[2:]
    assert [line.split()[0] for line in summary] == ["b", "c", "a", "d"]
    assert "30 *" in text
    assert "1 *" in text
    assert "70.0%" in text
    assert "With only 3 runs these correlations are unreliable" in text
    more = shown(*RUNS, *(run(f"e{i}", 0.3 + i / 10, rank=float(i), spread_low=0.5) for i in range(3)))
    assert "unreliable" not in more


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
