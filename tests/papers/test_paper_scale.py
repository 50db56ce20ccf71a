"""The papers' own settings, which nobody trains in a test."""

from collections.abc import Sequence

import pytest

from eigenview.config import Recipe
from eigenview.papers import EXPERIMENTS
from eigenview.papers.run_cache import RunCache, run_name
from eigenview.runs import Run
from eigenview.training.learner import Learner

TRAINED = (
    "mmcr/double-descent",
    "mmcr/scaling",
    "geometry/rank",
    "geometry/bound",
    "geometry/spectrum",
    "geometry/distance",
    "geometry/labels",
    "geometry/tangent",
    "geometry/projector",
    "landscape/resnet",
    "information/gaussianity",
    "information/objectives",
    "information/bound",
)
STATISTICS = ((0.5, 0.5, 0.5), (0.25, 0.25, 0.25))


class AskedError(Exception):
    """Ends an experiment where it would begin to train."""


class Asking(RunCache):
    """Trains nothing, and remembers what it was asked for."""

    def __call__(self, recipes: Sequence[Recipe]) -> list[Run]:
        self.asked = [*recipes]
        raise AskedError


def asked(path: str, tmp_path) -> list[Recipe]:
    run_cache = Asking(tmp_path)
    with pytest.raises(AskedError):
        next(each for each in EXPERIMENTS if each.path == path).run("gpu", run_cache)
    return run_cache.asked


@pytest.mark.parametrize("path", TRAINED)
def test_its_nets_and_objectives_can_be_built(path, tmp_path):
    recipes = asked(path, tmp_path)
    assert len({run_name(recipe) for recipe in recipes}) == len(recipes)
    first = {recipe.objective.name: recipe for recipe in recipes}.values()
    for recipe in first:
        assert recipe.data.train.startswith("hf:")  # all of the set, and not what a folder has of it
        assert recipe.data.size is not None
        Learner(recipe, STATISTICS, 10)


def test_pairs_come_from_the_folder(real_data, tmp_path):
    if not (real_data / "fashion_products_captions-train.parquet").exists():
        pytest.skip("$EIGENVIEW_DATA does not hold fashion_products_captions-train.parquet")
    assert {recipe.objective.name for recipe in asked("mmcr/multimodal", tmp_path)} == {"MMCR", "CLIP"}
