"""Objectives by name, and what is told when there is none."""

import inspect
import sys

import pytest

from eigenview import objectives
from eigenview._errors import UsageError
from eigenview.objectives import MMCR, OBJECTIVES, InfoNCE, Objective, VICReg, build_objective

MODULE = """
import torch
from eigenview.objectives import Objective, Reference

class Mine(Objective):
    def __init__(self, power: float = 2.0) -> None:
        super().__init__()
        self.power = power

    def terms(self, z):
        return {"mine": z.abs().pow(self.power).mean()}

    def reference(self, K, P, D):
        return Reference(collapsed=0.0, uniform=None, best=None)

class Unfinished(Objective):
    def terms(self, z):
        return {}

def stranger():
    return 3
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """The name of a module in the current directory, which is not yet on the path."""
    (tmp_path / "mine_of_this_test.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    yield "mine_of_this_test"
    sys.modules.pop("mine_of_this_test", None)


@pytest.mark.parametrize(
    ("name", "kind"), [("mmcr", MMCR), ("MMCR", MMCR), ("InfoNCE", InfoNCE), ("infonce", InfoNCE), ("vicREG", VICReg)]
)
def test_names_in_any_case(name, kind):
    assert type(build_objective(name, {})) is kind


def test_every_exported_objective_can_be_named():
    exported = [value for name in dir(objectives) if isinstance(value := getattr(objectives, name), type)]
    kinds = [kind for kind in exported if issubclass(kind, Objective) and not inspect.isabstract(kind)]
    assert {kind.__name__: kind for kind in kinds} == OBJECTIVES
    for name, kind in OBJECTIVES.items():
        assert type(build_objective(name.lower(), {}, D=8)) is kind


def test_options_arrive():
    assert build_objective("infonce", {"temperature": 0.3}).temperature == 0.3
    assert build_objective("vicreg", {"invariance": 1.0, "covariance": 2.0}).covariance == 2.0


def test_import_path(module):
    mine = build_objective(f"{module}:Mine", {"power": 3.0})
    assert isinstance(mine, Objective)
    assert mine.power == 3


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("mmrc", {}, r"unknown objective 'mmrc': did you mean 'MMCR'\?"),
        ("infonec", {}, r"unknown objective 'infonec': did you mean 'InfoNCE'\?"),
        ("zzz", {}, "unknown objective 'zzz': choose from .*InfoNCE, .*MMCR, .*VICReg"),
        ("objective", {}, "unknown objective 'objective'"),
        ("reference", {}, "unknown objective 'reference'"),
        ("infonce", {"temprature": 0.1}, "objective 'infonce' has no option 'temprature': did you mean 'temperature'"),
        ("infonce", {"temperature": 0.0}, "objective 'infonce': temperature must be positive and finite, not 0.0"),
        ("vicreg", {"variance": -1.0}, "objective 'vicreg': variance must be a finite weight, 0 or more, not -1.0"),
        ("no_such_module:Mine", {}, "objective 'no_such_module:Mine' cannot be imported: ModuleNotFoundError"),
        ("MODULE:Yours", {}, "module 'mine_of_this_test' has no 'Yours'"),
        ("MODULE:Unfinished", {}, "Can't instantiate abstract class Unfinished"),
        ("MODULE:Mine", {"powr": 2.0}, "has no option 'powr': did you mean 'power'"),
        ("MODULE:stranger", {}, "makes a int, not an eigenview.objectives.Objective"),
        ("collections:Counter", {}, "makes a Counter, not an eigenview.objectives.Objective"),
    ],
)
def test_mistakes_are_told_in_one_line(module, name, options, message):
    with pytest.raises(UsageError, match=message) as caught:
        build_objective(name.replace("MODULE", module), options)
    assert "\n" not in str(caught.value)
