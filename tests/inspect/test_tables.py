"""What `eigenview inspect` prints, on any terminal and on none."""

import pytest
import torch

from eigenview.inspect import Inspected, show
from eigenview.measures import panel
from eigenview.measures.reference_clouds import reference_cloud
from tests.widths import assert_same_at_every_width, printed


def run(name: str, cloud: torch.Tensor, accuracy: float) -> Inspected:
    clouds = {"features": cloud, "embeddings": cloud[..., :4]}
    results = {group: panel(each) for group, each in clouds.items()}
    return Inspected(name, f"runs/{name}", "run", 7, clouds, results, {"linear": accuracy, "kNN": accuracy / 2})


@pytest.fixture(scope="module")
def runs() -> list[Inspected]:
    kinds = ("collapsed", "ideal", "unrelated")
    return [run(f"a-run-with-views-{kind}", reference_cloud(kind, 3, 60, 16), i / 3) for i, kind in enumerate(kinds)]


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
