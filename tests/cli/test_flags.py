"""The field's flags are another spelling of the recipe's values."""

from pathlib import Path

import pytest

from eigenview.cli import main
from eigenview.cli.arguments import parse
from eigenview.cli.flags import PATHS
from eigenview.cli.inspect import Inspect
from eigenview.cli.predict import Predict
from eigenview.cli.train import TrainWithRecipe
from eigenview.cli.views import Views
from eigenview.config import RECIPES, Recipe
from eigenview.config.sections import Options

VALUES: Options = {
    "batch_size": 32,
    "epochs": 2.5,
    "steps": 7,
    "lr": 0.25,
    "weight_decay": 0.5,
    "optimizer": "adamw",
    "temperature": 0.7,
    "views": 3,
    "dim": 9,
    "size": 16,
    "seed": 5,
    "device": "cpu",
    "precision": "32-true",
    "workers": 0,
}


def settings_of(*words: str) -> Recipe:
    command = parse(["train", *words])
    assert isinstance(command, TrainWithRecipe)
    return command.settings


def test_every_flag_is_tried():
    assert set(VALUES) == set(PATHS)


@pytest.mark.parametrize("name", PATHS)
def test_a_flag_sets_the_value_of_the_recipe_and_no_other(name):
    changed = settings_of(f"--{name.replace('_', '-')}", str(VALUES[name]))
    assert changed.at(PATHS[name]) == VALUES[name]
    assert changed.with_value(PATHS[name], RECIPES["digits"]().at(PATHS[name])) == RECIPES["digits"]()


def test_flags_and_the_recipes_own_go_together():
    changed = settings_of("--batch-size", "32", "--optimizer.momentum", "0.5", "--training.P", "32")
    assert (changed.training.P, changed.optimizer.momentum) == (32, 0.5)


def test_temperature_is_an_option_of_the_objective():
    words = ["--objective", "BetaInfoNCE", "--objective.options", "beta=0.5", "--temperature", "0.3"]
    assert settings_of(*words).objective.options == {"beta": 0.5, "temperature": 0.3}
    assert settings_of("--objective.name", "SimCLR", "--temperature", "0.3").objective.options == {"temperature": 0.3}


def test_steps_replace_epochs(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("training: {epochs: 50}")
    training = settings_of("--recipe", str(file), "--steps", "9").training
    assert (training.steps, training.epochs) == (9, None)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--batch-size 32 --training.P 64", "--batch-size and --training.P set the same value"),
        ("--temperature 1 --objective.options temperature=2", "--temperature and --objective.options temperature set"),
        ("--steps 3 --epochs 2", "--epochs and --steps both set the training length"),
        ("--steps 3 --training.epochs 2", "--steps and --training.epochs both set the training length"),
        ("--batch-size 0", "--batch-size must be at least 1, not 0"),
        ("--batch-size 5000", "--batch-size = 5000 is larger than the number of images, 1437"),
        ("--views 1", "InfoNCE needs at least 2 views"),
        ("--lr -1", "--lr must be a positive number, not -1.0"),
        ("--device gpu", "--device must be one of auto, cpu, cuda, not 'gpu'"),
        ("--objective MMCR --temperature 0.1", "objective 'MMCR' has no option 'temperature'"),
    ],
)
def test_a_mistake_is_told_by_the_flag_that_was_typed(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["train", *words.split()]) == 2
    message = capsys.readouterr().err
    assert said in message
    assert message.count("\n") == 1


def read(words: str) -> object:
    return parse(words.split())


def test_predict_takes_them_too_and_the_papers_letters():
    letters = read("predict --P 32 --D 16 --decay 0.1 --N 50 --K 3")
    assert letters == read("predict --batch-size 32 --dim 16 --weight-decay 0.1 --images 50 --views 3")
    assert isinstance(letters, Predict)
    recipe = letters.on_its_recipe()
    assert (recipe.training.P, recipe.projector.D, recipe.optimizer.weight_decay) == (32, 16, 0.1)
    command = read("predict --objective SimCLR --temperature 0.3")
    assert isinstance(command, Predict)
    assert command.on_its_recipe().objective.options == {"temperature": 0.3}


def test_train_takes_the_papers_letters():
    assert read("train --P 32 --D 16 --K 3") == read("train --batch-size 32 --dim 16 --views 3")


def test_inspect_and_views_take_the_papers_letters():
    letters = read("inspect run --P 50 --K 3")
    assert isinstance(letters, Inspect)
    assert letters == read("inspect run --images 50 --views 3")
    assert read("views --K 3") == Views(views=3)


def test_the_docs_name_every_flag():
    docs = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    for name, path in PATHS.items():
        assert f"`--{name.replace('_', '-')}`" in docs
        assert f"`{path.removesuffix('.temperature')}`" in docs
