"""American and British spellings name the same keys and options."""

import pytest

from eigenview._errors import UsageError
from eigenview._names import build, respell
from eigenview.config import Recipe


class Scaled:
    def __init__(self, normalise: bool = True, centering: bool = False):
        self.normalise, self.centering = normalise, centering


@pytest.mark.parametrize("key", ["optimiser", "optimizer"])
def test_keys_of_a_recipe(key):
    assert Recipe.from_yaml(f"{key}: {{lr: 0.5}}").optimizer.lr == 0.5


def test_fields_of_a_policy():
    assert Recipe.from_yaml("views: {policy: {gray: 0.5}}").views.policy.grey == 0.5


def test_options_of_a_component():
    assert not build("scaled", {"normalize": False}, {"Scaled": Scaled}, "thing").normalise
    assert not build("scaled", {"normalise": False}, {"Scaled": Scaled}, "thing").normalise
    assert build("scaled", {"centring": True}, {"Scaled": Scaled}, "thing").centering


def test_two_spellings_at_once_are_a_mistake():
    with pytest.raises(UsageError, match="'optimizer' is given twice, in two spellings"):
        Recipe.from_yaml("optimizer: {lr: 0.5}\noptimiser: {lr: 0.1}")


def test_only_the_spelling_may_differ():
    assert respell("optimisers", ["optimizer"]) == "optimisers"
    assert respell("optimiser.lr", ["optimizer.lr", "lr"]) == "optimizer.lr"
    assert respell("centre", ["centre", "center"]) == "centre"
