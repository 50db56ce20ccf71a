"""Runs that experiments share."""

from dataclasses import replace

import pytest

from eigenview.config import ObjectiveRecipe, Recipe
from eigenview.papers.run_cache import RunCache, run_name
from eigenview.papers.scales import image_recipe
from tests.runs.lines import lines_of


def tiny(seed: int = 0, **changed) -> Recipe:
    return image_recipe(
        "smoke", ObjectiveRecipe("InfoNCE"), "large", P=16, steps=4, checkpoints=2, seed=seed, **changed
    )


@pytest.fixture
def counted(monkeypatch) -> list[Recipe]:
    """What is really trained."""
    from eigenview.papers import run_cache as trained

    seen, true = [], trained.train

    def train(recipe, *given, **named):
        seen.append(recipe)
        return true(recipe, *given, **named)

    monkeypatch.setattr(trained, "train", train)
    return seen


def test_equal_recipes_are_trained_once_also_by_another_cache(counted, tmp_path):
    one, other, same = RunCache(tmp_path)([tiny(), tiny(1), tiny()])
    assert one.path == same.path != other.path
    later = RunCache(tmp_path)
    assert later([tiny()])[0].path == one.path
    assert len(counted) == 2
    assert later.seconds_reused == lines_of(one)[-1]["seconds"] > 0
    later([tiny()])
    assert later.seconds_reused == lines_of(one)[-1]["seconds"]
    assert [line["kind"] for line in lines_of(one)].count("probe") == 0
    assert len([*one.checkpoints.iterdir()]) == 2


def test_again_trains_once_more_but_not_what_it_trained_itself(counted, tmp_path):
    RunCache(tmp_path)([tiny()])
    again = RunCache(tmp_path, again=True)
    again([tiny()])
    again([tiny()])
    assert len(counted) == 2


def test_processes_give_what_one_gives(tmp_path):
    apart = RunCache(tmp_path / "apart", workers=2)([tiny(), tiny(1)])
    here = RunCache(tmp_path / "here")([tiny(), tiny(1)])
    for one, other in zip(apart, here, strict=True):
        steps = ([line["loss"] for line in lines_of(run) if line["kind"] == "step"] for run in (one, other))
        assert next(steps) == pytest.approx(next(steps), rel=1e-5)


def test_what_was_interrupted_is_told_and_goes_on(monkeypatch, tmp_path):
    from eigenview.papers import run_cache as trained

    true = trained.train
    monkeypatch.setattr(trained, "train", lambda *given, **named: "interrupted")
    with pytest.raises(KeyboardInterrupt):
        RunCache(tmp_path)([tiny()])
    monkeypatch.setattr(trained, "train", true)
    (run,) = RunCache(tmp_path)([tiny()])
    assert lines_of(run)[-1]["outcome"] == "finished"


def test_numbers_that_are_not_finite_are_an_error(monkeypatch, tmp_path):
    from eigenview.papers import run_cache as trained

    monkeypatch.setattr(trained, "train", lambda *given, **named: "non-finite")
    with pytest.raises(RuntimeError, match="diverged to NaN"):
        RunCache(tmp_path)([tiny()])


def test_a_run_s_name_tells_its_recipe():
    named = {run_name(recipe) for recipe in (tiny(), tiny(1), replace(tiny(), objective=ObjectiveRecipe("MMCR")))}
    assert len(named) == 3
    assert run_name(tiny()) == run_name(tiny())
