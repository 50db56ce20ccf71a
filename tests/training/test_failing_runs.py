"""Each alarm, on a run of seconds that was made to fail that way; and none on healthy ones."""

import dataclasses
import json
import sys
from html import escape

import pytest

from eigenview.cli import main
from eigenview.config import (
    EncoderRecipe,
    ObjectiveRecipe,
    OptimizerRecipe,
    ProjectorRecipe,
    Recipe,
    TrainingRecipe,
    ViewsRecipe,
    find_recipe,
)
from eigenview.report import write_page
from eigenview.runs import Run
from eigenview.training import train
from eigenview.views import ViewPolicy
from tests.runs.lines import lines_of

train_module = sys.modules["eigenview.training.train"]


@pytest.fixture(autouse=True)
def only_trained(monkeypatch):
    """What comes after training takes longer than such a training, and raises nothing."""
    monkeypatch.setattr(train_module, "evaluate", lambda *_: None)
    monkeypatch.setattr(train_module, "write_page", lambda *_: None)


def narrow(**changes) -> Recipe:
    digits = find_recipe("digits")
    recipe = dataclasses.replace(
        digits,
        encoder=EncoderRecipe("convnet", {"width": 4}),
        projector=ProjectorRecipe(D=16, hidden=(32,)),
        views=dataclasses.replace(digits.views, K=2),
        objective=ObjectiveRecipe("InfoNCE", {"temperature": 0.2}),
        optimizer=OptimizerRecipe("sgd", lr=0.05),
        training=TrainingRecipe(P=32, steps=60, measure_every=10, checkpoint_every=60, precision="32-true"),
    )
    return dataclasses.replace(recipe, **changes)


def raised(recipe: Recipe, out) -> dict[str, str]:
    train(recipe, out)
    return {line["name"]: line["evidence"] for line in lines_of(Run.open(out)) if line["kind"] == "alarm"}


def noisy(noise: float, K: int = 2) -> ViewsRecipe:
    return ViewsRecipe(K=K, policy=ViewPolicy(noise=noise))


def trained_for(**changes) -> TrainingRecipe:
    return dataclasses.replace(narrow().training, **changes)


FAILURES = {
    "loss at chance": {"optimizer": OptimizerRecipe("sgd", lr=1e-7)},
    "complete collapse": {"objective": ObjectiveRecipe("InfoNCE", {"repulsion": 0.0})},
    "embeddings collapsed to a few dimensions": {"projector": ProjectorRecipe(D=16, hidden=(2,))},
    "rank of embeddings still falling": {
        "objective": ObjectiveRecipe("InfoNCE", {"repulsion": 0.0}),
        "optimizer": OptimizerRecipe("sgd", lr=1e-3, warmup=1.0),
        "training": trained_for(measure_every=2),
    },
    "temperature at its minimum": {
        "objective": ObjectiveRecipe("CLIP", {"temperature": 0.1, "min_temperature": 0.097}),
        "optimizer": OptimizerRecipe("adam", lr=3e-3),
        "views": noisy(0.1),
    },
    "no invariance": {
        "objective": ObjectiveRecipe("VICReg", {"invariance": 0.0}),
        "optimizer": OptimizerRecipe("sgd", lr=0.01),
        "views": noisy(2.0),
        "training": trained_for(steps=80, measure_every=2),  # one batch of 32 says 1 ± .1 of an expected 1
    },
    "collapse predicted": {
        "objective": ObjectiveRecipe("BetaInfoNCE", {"beta": 0.05}),
        "training": trained_for(P=64, steps=20),
    },
    "P near D": {
        "objective": ObjectiveRecipe("MMCR"),
        "projector": ProjectorRecipe(D=32),
        "training": trained_for(steps=1),
    },
    "views too weak": {"views": noisy(0.01), "training": trained_for(steps=1)},
    "views too strong": {"views": noisy(10.0), "training": trained_for(steps=1)},
    "not finite": {"optimizer": OptimizerRecipe("sgd", lr=1e30), "training": trained_for(steps=5)},
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_run_that_fails_this_way_is_told_so(name, tmp_path):
    assert name in raised(narrow(**FAILURES[name]), tmp_path / "run")


def test_the_first_layer_that_is_not_finite_is_named_also_in_the_report(tmp_path):
    evidence = raised(narrow(**FAILURES["not finite"]), tmp_path / "run")["not finite"]
    assert "first in the output of encoder.net.layers." in evidence
    assert escape(evidence) in write_page(tmp_path / "run").read_text()


class TestStrict:
    WORDS = (
        "--encoder.options width=4 --projector.D 32 --projector.hidden 16 --objective MMCR --training.P 32 "
        "--training.steps 1 --out run --strict"
    )

    def test_an_alarm_is_exit_code_1_and_the_run_is_whole(self, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        words = ["train", *self.WORDS.split()]
        assert main([word for word in words if word != "--strict"]) == 0
        assert lines_of(Run.open("run"))[-1]["outcome"] == "finished"
        assert main(["train", "--out", "run", "--resume", "--strict"]) == 1
        assert "--strict: P near D" in capsys.readouterr().out

    def test_none_is_0(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert main(["train", *self.WORDS.replace("--projector.D 32", "--projector.D 8").split()]) == 0


class TestGoingOn:
    def test_what_was_said_is_not_repeated_and_what_was_not_is_not_lost(self, tmp_path):
        """A kill between a measurement and its alarm leaves the measurement alone."""
        recipe, out = narrow(**FAILURES["complete collapse"]), tmp_path / "run"
        train(recipe, out)
        run = Run.open(out)
        whole = lines_of(run)
        train(recipe, out, resume=True)
        assert [line for line in lines_of(run) if line["kind"] == "alarm"] == [
            line for line in whole if line["kind"] == "alarm"
        ]
        run.metrics_file.write_text("".join(json.dumps(line) + "\n" for line in whole if line["kind"] != "alarm"))
        train(recipe, out, resume=True)
        (again,) = [line for line in lines_of(run) if line["kind"] == "alarm"]
        assert (again["name"], again["step"]) == ("complete collapse", 50)


def test_a_healthy_run_raises_none(tmp_path):
    """The digits recipe on half its width and batch."""
    digits = find_recipe("digits")
    healthy = dataclasses.replace(
        digits, encoder=EncoderRecipe("convnet", {"width": 16}), training=trained_for(P=64, measure_every=5)
    )
    assert raised(healthy, tmp_path / "run") == {}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_the_default_raises_none(seed, tmp_path):
    """The digits recipe itself, cut to its first 200 of 600 steps, by when its rank has risen, fallen and settled."""
    digits = find_recipe("digits")
    training = dataclasses.replace(digits.training, steps=200, seed=seed)
    assert raised(dataclasses.replace(digits, training=training), tmp_path / "run") == {}
