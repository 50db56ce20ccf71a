"""The catalogue of experiments, and how a selection finds them."""

import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from eigenview import UsageError
from eigenview.papers import EXPERIMENTS, SCALES, select_experiments
from tests.papers.case import PaperExperimentCase


def test_each_experiment_is_a_file_of_its_paper():
    for each in EXPERIMENTS:
        assert callable(each.run)
        assert each.cost.keys() == {*SCALES}
        assert all(each.seconds(scale) for scale in SCALES)
    assert len({each.path for each in EXPERIMENTS}) == len(EXPERIMENTS)


def test_each_experiment_has_a_test():
    for file in Path(__file__).parent.glob("test_*.py"):
        import_module(f"tests.papers.{file.stem}")
    cases = sorted(case.experiment for case in PaperExperimentCase.__subclasses__())
    assert cases == sorted(each.path for each in EXPERIMENTS)


def test_a_selection_is_all_a_paper_or_one():
    assert select_experiments("all") == EXPERIMENTS
    assert {each.paper for each in select_experiments("dynamics")} == {"dynamics"}
    assert [each.path for each in select_experiments("dynamics/half-moons")] == ["dynamics/half-moons"]
    with pytest.raises(UsageError, match="did you mean 'dynamics/half-moons'"):
        select_experiments("dynamics/half-moon")


def test_listing_does_not_import_torch():
    code = (
        "import sys; from eigenview.papers import EXPERIMENTS, read_record, select_experiments; "
        "import eigenview.papers.listing; print(sorted({'torch', 'matplotlib', 'scipy'} & {*sys.modules}))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout == "[]\n"


@pytest.mark.parametrize(("cost", "seconds"), [("30 s", 30), ("2 min", 120), ("1 h", 3600), ("10 days", 864_000)])
def test_a_cost_in_words_is_a_number_of_seconds(cost, seconds):
    assert replace(EXPERIMENTS[0], cost={"cpu": cost}).seconds("cpu") == seconds
    assert replace(EXPERIMENTS[0], cost={}).seconds("cpu") is None
    assert replace(EXPERIMENTS[0], cost={"cpu": "not long"}).seconds("cpu") is None
