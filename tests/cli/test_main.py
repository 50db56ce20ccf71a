import subprocess
import sys
from pathlib import Path

import pytest

from eigenview.cli import main
from eigenview.cli.arguments import one_line, parse
from eigenview.cli.train import TrainWithRecipe
from eigenview.config import RECIPES, Recipe
from eigenview.views import POLICIES

COMMANDS = ["train", "embed", "inspect", "predict", "report", "views"]


@pytest.mark.parametrize("words", [["--help"], [], *([command, "--help"] for command in COMMANDS)])
def test_help_imports_nothing_heavy(words):
    code = (
        "import sys; from eigenview.cli import main\n"
        f"try: main({words!r})\n"
        "except SystemExit as stop: assert stop.code in (0, None)\n"
        "heavy = {'torch', 'numpy', 'datasets', 'sklearn', 'scipy', 'matplotlib', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "usage: eigenview" in done.stdout


def test_import_alone_imports_nothing_heavy():
    code = "import sys, eigenview; assert 'torch' not in sys.modules and 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_people_type_most_is_there():
    names = ("objectives.MMCR", "measures.effective_rank", "views.augment", "Recipe", "train", "load", "UsageError")
    code = "import eigenview\n" + "\n".join(f"eigenview.{name}" for name in names)
    subprocess.run([sys.executable, "-c", code], check=True)


def settings_of(*words: str) -> Recipe:
    command = parse(["train", *words])
    assert isinstance(command, TrainWithRecipe)
    return command.settings


class TestTrainWords:
    def test_alone_they_ask_for_the_digits_recipe(self):
        assert settings_of() == RECIPES["digits"]()

    def test_other_data_take_the_cpu_recipe(self):
        settings = settings_of("photos", "--test", "others")
        assert (settings.data.train, settings.data.test) == ("photos", "others")
        assert settings.encoder == RECIPES["cpu"]().encoder

    def test_flags_change_the_named_recipe(self):
        words = "x --recipe digits --training.P 64 --projector.hidden 8 9 --data.size 16"
        settings = settings_of(*words.split())
        assert (settings.training.P, settings.projector.hidden, settings.data.size) == (64, (8, 9), 16)
        assert settings.optimizer == RECIPES["digits"]().optimizer

    def test_a_recipe_file_is_read(self, tmp_path):
        file = tmp_path / "mine.yaml"
        file.write_text("training: {steps: 7}\ndata: {train: mine}")
        settings = settings_of("--recipe", str(file))
        assert (settings.training.steps, settings.data.train) == (7, "mine")

    def test_another_objective_drops_the_options_of_the_first(self):
        assert settings_of("--objective", "MMCR").objective.options == {}
        words = ["--objective", "MMCR", "--objective.options", "local_weight=0.5"]
        assert settings_of(*words).objective.options == {"local_weight": 0.5}

    def test_options_have_types(self):
        words = ["--encoder.options", "width=32", "stem=small", "a=0.5", "b=true"]
        assert settings_of(*words).encoder.options == {"width": 32, "stem": "small", "a": 0.5, "b": True}

    def test_options_keep_what_they_do_not_name(self):
        words = ["photos", "--encoder.options", "width=8"]
        assert settings_of(*words).encoder.options == {"width": 8, "stem": "small"}
        assert settings_of("photos", "--encoder.name", "convnet").encoder.options == {}
        assert settings_of("--objective.name", "MMCR").objective.options == {}
        assert settings_of("--objective.name", "infonce").objective.options == settings_of().objective.options

    def test_numbers_in_options_are_read_as_elsewhere(self):
        words = ["--objective.options", "temperature=1e-1", "--optimizer.lr", "1e-1"]
        settings = settings_of(*words)
        assert settings.objective.options["temperature"] == settings.optimizer.lr == 0.1

    def test_a_recipe_file_says_what_differs_from_the_recipe_its_data_get(self, tmp_path):
        file = tmp_path / "mine.yaml"
        file.write_text("encoder: {options: {width: 8}}\nviews: {K: 3}")
        digits, cpu = RECIPES["digits"](), RECIPES["cpu"]()
        assert settings_of("--recipe", str(file)).views.policy == digits.views.policy
        settings = settings_of("photos", "--recipe", str(file))
        assert (settings.views.K, settings.views.policy) == (3, cpu.views.policy)
        assert settings.encoder.options == {"width": 8, "stem": "small"}
        file.write_text("data: {train: photos}\nencoder: {name: convnet}\nobjective: MMCR")
        settings = settings_of("--recipe", str(file))
        assert settings.training == cpu.training
        assert settings.encoder.options == settings.objective.options == {}

    def test_options_may_have_parts(self):
        words = ["--objective", "X", "--objective.options", "estimator={name: LogDet, beta: 0.1}", "hidden=[8, 4]"]
        options = {"estimator": {"name": "LogDet", "beta": 0.1}, "hidden": [8, 4]}
        assert settings_of(*words).objective.options == options

    def test_policy_and_strength(self):
        words = ["--policy", "moderate", "--strength", "0.5"]
        assert settings_of(*words).views.policy == POLICIES["moderate"].scaled(0.5)

    def test_resume_alone_takes_the_stored_recipe(self, tmp_path):
        stored = Recipe.from_yaml("training: {steps: 7, P: 3}")
        (tmp_path / "recipe.yaml").write_text(stored.to_yaml())
        assert settings_of("--out", str(tmp_path), "--resume") == stored


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("trian", "unknown command 'trian': did you mean 'train'?"),
        ("train --tset x", "unknown flag '--tset': did you mean --test?"),
        ("train --training.P abc", "--training.P must be an integer, not 'abc'"),
        ("train --batch-size abc", "--batch-size must be an integer, not 'abc'"),
        ("train --lr abc", "--lr must be a number, not 'abc'"),
        ("train --optimizer.lr abc", "--optimizer.lr must be a number, not 'abc'"),
        ("train digits more", "unexpected argument: more"),
        ("train --training.P -3", "training.P must be at least 1, not -3"),
        ("train --encoder.options wide", "'wide' must be KEY=VALUE"),
        ("train no/such/folder", "no/such/folder"),
        ("train --objective infonec", "unknown objective 'infonec': did you mean 'InfoNCE'?"),
        ("train --objective InfoNCE --views.K 1", "InfoNCE needs at least 2 views, not K = 1"),
        (
            "train --training.P 5000",
            "training.P = 5000 is larger than the number of images, 1437: lower it to 1437 or less",
        ),
        ("train --recipe cup", "unknown recipe 'cup': did you mean 'cpu'?"),
        ("train --policy lage", "unknown view policy 'lage': did you mean 'large'?"),
        ("train --encoder.name resnet81", "unknown encoder 'resnet81': did you mean 'resnet18'?"),
        ("train --encoder.options wdith=3", "encoder 'convnet' has no option 'wdith': did you mean 'width'?"),
        ("train --encoder.options width=[1", "the value of 'width' is not YAML"),
        ("train --out nowhere --resume", "nowhere holds no run to resume"),
        ("train --objective MMCR --teacher.momentum 0.9", "MMCR does not use one: omit teacher.momentum"),
        ("train --objective TraceContrastive --objective.options constraint=scald", "did you mean 'scaled'?"),
        (
            "train --objective BYOL --objective.options entropy=logdat",
            "unknown entropy 'logdat': did you mean 'LogDet'?",
        ),
        ("train --resume", "--resume needs --out DIR"),
        ("embed nowhere digits --out x.npy", "nowhere does not exist"),
        ("embed . digits --out x.npy", ". is not a run"),
        ("embed . digits --out x.txt", "the extension must be one of .npy"),
        ("report nowhere", "nowhere does not exist"),
        ("train --lr", "--lr needs a value"),
        ("train --views.policy.crop 1", "--views.policy.crop needs 2 values"),
        ("report", "missing RUN: eigenview report --help"),
        ("embed run", "missing DATA, --out FILE: eigenview embed --help"),
        ("report .", ". is not a run"),
        ("views --policy x", "unknown view policy 'x'"),
        ("views --size -3", "--size must be from 1 to 1024 pixels, not -3"),
        ("views --out nowhere/v.png", "the directory nowhere does not exist"),
        ("views --views 0", "--views must be at least 1"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words.split()) == 2
    message = capsys.readouterr().err
    assert said in message
    assert message.startswith("eigenview: ")
    assert message.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_bad_images_and_recipes_and_directories(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    Path("text").mkdir()
    Path("text/a.png").write_text("not an image")
    Path("wrong.yaml").write_text("training: {stesp: 7}")
    Path("taken").mkdir()
    Path("taken/recipe.yaml").write_text(RECIPES["cpu"]().to_yaml())
    for words, said in {
        "train empty": "empty",
        "train text": "does not decode",
        "train --recipe wrong.yaml": "unknown key 'training.stesp': did you mean 'steps'?",
        "train --out taken": "taken already holds a run",
        "train --out taken --resume --training.steps 3": "taken holds a run of another recipe",
    }.items():
        assert main(words.split()) == 2, words
        message = capsys.readouterr().err
        assert said in message
        assert message.count("\n") == 1


def test_a_box_without_a_hint_is_its_first_sentence():
    assert one_line("╭─ x ───╮\n│ Two   │\n│ words │\n│ ───── │\n│ For full helptext │\n╰──╯") == "Two words"
