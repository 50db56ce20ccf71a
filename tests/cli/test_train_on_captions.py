"""The words that train on captions, and those that do not."""

import sys
from pathlib import Path

import numpy as np
import pytest

from eigenview.cli import main
from eigenview.cli.arguments import parse
from eigenview.cli.predict import Predict
from eigenview.cli.train import TrainWithRecipe
from eigenview.config import RECIPES, Recipe
from eigenview.runs import Run
from tests.captioned import SCENES, picture, write_scenes, write_table

NETS = "--encoder.name convnet --encoder.options width=4 --text.vocabulary 300 --text.width 8 --text.heads 2"
SMALL = f"{NETS} --training.steps 2 --training.P 16 --data.size 8".split()


@pytest.fixture
def table(tmp_path, monkeypatch) -> str:
    monkeypatch.chdir(tmp_path)
    return write_scenes(Path("x.parquet"), 1)


def settings_of(*words: str) -> Recipe:
    command = parse(["train", *words])
    assert isinstance(command, TrainWithRecipe)
    return command.settings


def test_a_captioned_table_asks_for_two_towers(table):
    settings = settings_of(table)
    assert (settings.data.captions, settings.objective.name, settings.views.K) == ("auto", "CLIP", 1)
    assert settings_of(table, "--objective", "MMCR").objective.name == "MMCR"
    assert settings_of(table, "--text.prompt", "{}").text.prompt == "{}"
    named = settings_of("hf:some/where", "--data.captions", "title")
    assert named == settings_of("hf:some/where", "--recipe", "captions", "--data.captions", "title")
    assert not settings_of(table, "--recipe", "cpu").of_pairs
    assert settings_of(table, "--recipe", "cpu").encoder == RECIPES["cpu"]().encoder


def test_prediction_takes_the_images_of_a_captioned_table(table):
    command = parse(["predict", table])
    assert isinstance(command, Predict)
    assert not command.on_its_recipe().of_pairs


def test_from_a_table_to_numbers_and_on(table, capsys):
    assert main(["train", table, "--data.label", "shape", "--out", "run", *SMALL]) == 0
    told = capsys.readouterr().out
    for words in (
        "The images have captions: training on image–text pairs. To train on images alone, pass --recipe cpu.",
        "Training CLIP on 48 image–text pairs for 2 steps: batch size P = 16, images of 8×8 pixels",
        "retrieval (by chance)",
        "Retrieval among 48 images and 48 texts that training saw (name others with --test).",
        "Zero-shot classification with the prompt 'a photo of a {}'",
    ):
        assert words in told
    assert main(["train", "--out", "run", "--resume"]) == 0
    assert "These images" not in capsys.readouterr().out
    assert main(["embed", "run", table, "--out", "x.npy"]) == 0
    assert np.load("x.npy").shape == (48, 16)
    assert main(["report", "run"]) == 0
    assert Run.open("run").recipe.of_pairs


def test_a_prediction_is_of_views_and_not_of_captions(table, capsys):
    assert main(["predict", table, "--recipe", "captions"]) == 2
    assert (
        "predict covers images alone, but this recipe trains on image–text pairs: pass --recipe cpu"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("train digits --recipe captions", "the digits have no columns, so no data.captions 'auto': use a table"),
        (
            "train plain.parquet --recipe captions",
            "'plain.parquet' has no column of captions (set data.captions)",
        ),
        ("train x.parquet --data.captions titel", "'x.parquet' has no column 'titel' of captions; its columns are"),
        ("train empty.parquet", "none of the 2 images in 'empty.parquet' has a caption: all captions are empty"),
        ("train x.parquet --training.P 50", "training.P = 50 is larger than the number of images, 48"),
        ("train x.parquet --views.K 2", "image–text pairs use one view: views.K must be 1, not 2"),
        (
            "train x.parquet --training.P 16 --objective BYOL",
            "BYOL needs a teacher of a single network, but image–text pairs have two",
        ),
        ("train x.parquet --teacher.momentum 0.9", "image–text pairs take no teacher: omit teacher.momentum"),
        ("train x.parquet --text.heads 3", "eigenview: text.heads = 3 must divide text.width = 128"),
        ("train x.parquet --data.label shpae", "'x.parquet' has no column 'shpae' of labels"),
        ("train x.parquet --test plain.parquet", "'plain.parquet' has no column of captions"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(table, words, said, capsys):
    few = [picture(SCENES[i], i) for i in range(2)]
    write_table(Path("plain.parquet"), few)
    write_table(Path("empty.parquet"), few, caption=["", " "])
    assert main(words.split()) == 2
    message = capsys.readouterr().err
    assert said in message
    assert message.count("\n") == 1
    assert not Path("runs").exists()


def test_without_tokenizers_it_says_what_to_install(table, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    assert main(["train", table, "--training.P", "16"]) == 2
    assert "captions need the tokenizers library: pip install 'eigenview[text]'" in capsys.readouterr().err
