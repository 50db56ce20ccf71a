"""Recipes by name, by file, and by import path."""

import sys

import pytest

from eigenview._errors import UsageError
from eigenview.config import RECIPES, find_recipe

MODULE = """
import dataclasses

from eigenview import Recipe
from eigenview.config import TrainingRecipe


def mine():
    return dataclasses.replace(Recipe(), training=TrainingRecipe(P=17))


def other():
    return 3


def broken():
    raise KeyError("x")


def greedy(size):
    return Recipe()


number = 3
"""


@pytest.fixture(autouse=True)
def _a_package_of_recipes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_pkg").mkdir()
    (tmp_path / "my_pkg" / "recipes.py").write_text(MODULE)
    yield
    for name in ("my_pkg", "my_pkg.recipes"):
        sys.modules.pop(name, None)


def test_a_recipe_is_addable_from_outside():
    assert find_recipe("my_pkg.recipes:mine").training.P == 17


def test_names_are_read_in_any_case_and_before_files(tmp_path):
    (tmp_path / "cpu").mkdir()
    assert find_recipe("cpu") == find_recipe("CPU") == RECIPES["cpu"]()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("my_pkg.recipes:other", "must return an eigenview.Recipe, not int"),
        ("my_pkg.recipes:broken", "failed: KeyError: 'x'"),
        ("my_pkg.recipes:greedy", "failed: TypeError"),
        ("my_pkg.recipes:number", "must be a class or a function, not int"),
        ("my_pkg.recipes:none", "module 'my_pkg.recipes' has no 'none'"),
        ("my_pkg.nowhere:mine", "cannot be imported: ModuleNotFoundError"),
        ("not a path:mine", "is not an import path"),
        ("digit", "unknown recipe 'digit': did you mean 'digits'?"),
    ],
)
def test_a_mistake_is_told_in_one_line(name, said):
    with pytest.raises(UsageError) as error:
        find_recipe(name)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
