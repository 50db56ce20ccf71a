"""`eigenview predict`, as it is typed."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from eigenview.cli import main
from eigenview.cli.arguments import parse
from eigenview.cli.predict import Predict
from eigenview.config import RECIPES, Recipe
from eigenview.runs import Checkpoint, Run, build_model, save_checkpoint

FEW = ["--images", "150", "--views", "2"]
KEYS = (
    "version data seen objective theory policy P D optimizer decay here parameter strengths tenths noise_shares "
    "variances bearable percent_error other_shapes advice"
)
AT = [
    "strength",
    "survivors",
    "over_parameter",
    "directions",
    "augmentation",
    "misalignment",
    "drowned",
    "clipped",
    "distinguishable",
]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def predicted(capsys, *words: str) -> dict:
    assert main(["predict", *FEW, "--json", *words]) == 0
    return json.loads(capsys.readouterr().out)


def recipe_of(*words: str) -> Recipe:
    command = parse(["predict", *words])
    assert isinstance(command, Predict)
    return command.on_its_recipe()


class TestWords:
    def test_alone_they_are_about_what_train_would_do(self):
        assert recipe_of() == RECIPES["digits"]()
        assert recipe_of("photos").optimizer == RECIPES["cpu"]().optimizer

    def test_they_change_it(self):
        words = "photos --recipe gpu --objective BetaInfoNCE --objective.options beta=0.3 --policy small"
        changed = recipe_of(*words.split(), "--weight-decay", "0.1", "--batch-size", "32", "--dim", "16")
        assert changed.data.train == "photos"
        assert (changed.objective.name, changed.objective.options) == ("BetaInfoNCE", {"beta": 0.3})
        assert (changed.optimizer.weight_decay, changed.training.P, changed.projector.D) == (0.1, 32, 16)
        assert changed.encoder == RECIPES["gpu"]().encoder

    def test_an_objective_keeps_its_options_and_another_drops_them(self):
        assert recipe_of("--objective", "infonce").objective.options == {"temperature": 0.4}
        assert recipe_of("--objective.options", "repulsion=0.5").objective.options == {
            "temperature": 0.4,
            "repulsion": 0.5,
        }
        assert recipe_of("--objective", "MMCR").objective.options == {}

    def test_a_run_gives_its_recipe(self, tmp_path):
        Run.create(tmp_path / "run", Recipe.from_yaml("data: {train: mine}\nobjective: VICReg\ntraining: {P: 7}"))
        given = recipe_of("--features", "run")
        assert (given.data.train, given.objective.name, given.training.P) == ("mine", "VICReg", 7)
        assert recipe_of("others", "--features", "run", "--batch-size", "8").data.train == "others"
        for words in (["run"], ["run", "--features", "random-conv"]):
            assert recipe_of(*words) == given
        for words in (["run"], ["--features", "run"]):
            other = recipe_of(*words, "--recipe", "cpu")
            assert (other.data.train, other.optimizer) == ("mine", RECIPES["cpu"]().optimizer)


def test_it_says_what_survives_and_what_to_change_and_draws_it(capsys):
    assert main(["predict", *FEW, "--objective", "BetaInfoNCE"]) == 0
    printed = capsys.readouterr()
    assert "digits: 150 of 1,437 images × 2 views of 8 × 8, as 8 × 8 grey pixels, 64 directions" in printed.out
    assert "of 64 directions survive" in printed.out
    assert "What to change" in printed.out
    assert "Directions collapsed or indistinguishable from noise, by strength" in printed.out
    assert not set("\x1b─│╭") & set(printed.out)
    assert printed.err.startswith("plot: ")
    with Image.open("predict.png") as picture:
        assert min(picture.size) > 500


def test_json_holds_all_numbers_in_a_shape_that_stays(capsys):
    said = predicted(capsys, "--objective", "BetaInfoNCE")
    assert not Path("predict.png").exists()
    assert list(said) == KEYS.split()
    assert [set(at) for at in said["strengths"]] == [set(AT)] * 7
    here = said["here"]
    assert here["strength"] == 1.0
    assert len(said["tenths"]) == 10
    assert len(here["over_parameter"]) == len(said["parameter"]["values"])
    assert here["survivors"] == sum(1 for value in said["variances"] if value > 0)
    assert here["survivors"] == sum(1 for value in said["bearable"] if value > 1)
    assert all(share <= 0.5 for share in said["noise_shares"][: here["survivors"]])
    counts = [at["survivors"] for at in said["strengths"]]
    assert counts[0] > counts[-1]
    assert predicted(capsys, "--objective", "BetaInfoNCE") == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--objective SimCLR", "Weight decay changes only the scale of the last layer"),
        ("--objective WeightedInfoNCE --weight-decay 0.4", "Weight decay 0.4 removes"),
        ("--objective SpectralContrastive", "directions survive"),
        ("--objective VICReg", "which directions grow"),
        ("--objective BarlowTwins --features random-conv", "through an untrained convnet, 128 directions"),
        ("--objective MMCR --batch-size 64 --dim 64", "With P = 64 and D = 64, uniform embeddings stay 15.1 % short"),
        (
            "--objective MMCR --batch-size 64 --dim 64",
            "Use P = 32 or P = 128 with D = 64: 6.7 % short of the bound instead of 15.1 %",
        ),
        ("--objective MMCR --batch-size 512 --dim 16", "P and D are far enough apart"),
        ("--objective MMCR --dim 16", "D = 16 embeds only 16 of the"),
        ("--objective BetaInfoNCE --objective.options beta=0.05", "complete collapse"),
        ("--policy identity", "These views change nothing"),
        ("--policy identity --objective WeightedInfoNCE --weight-decay 0", "grow for as long as training lasts"),
        ("--strength 0.5 --policy small", "with 'small' views at strength 0.5"),
        (
            "--weight-decay 0 --objective WeightedInfoNCE --policy small --strength 0",
            "Nothing: every direction survives.",
        ),
    ],
)
def test_sentences(words, said, capsys):
    assert main(["predict", *FEW, *words.split(), "--plot", "figure.svg"]) == 0
    assert said in capsys.readouterr().out
    assert Path("figure.svg").read_text().startswith("<?xml")


def test_theory_makes_no_claim_about_adamws_decay(capsys):
    words = ["--recipe", "mine.yaml", "--objective", "WeightedInfoNCE"]
    survivors = {}
    for optimizer in ("sgd", "adamw"):
        Path("mine.yaml").write_text(f"optimizer: {{name: {optimizer}, weight_decay: 1e9}}")
        said = predicted(capsys, *words)
        survivors[optimizer] = said["here"]["survivors"]
        assert (said["here"]["without_decay"], said["parameter"]) == (None, None) or optimizer == "sgd"
        assert any("decay" in sentence for sentence in said["advice"]) == (optimizer == "sgd")
    assert survivors["sgd"] == 0 < survivors["adamw"]
    assert main(["predict", *FEW, *words, "--plot", "figure.svg"]) == 0
    assert "Theory makes no claim about AdamW's weight decay, which is decoupled" in capsys.readouterr().out


def test_without_noise_json_has_no_infinity(capsys):
    said = predicted(capsys, "--policy", "identity", "--objective", "BetaInfoNCE", "--weight-decay", "0")
    assert said["here"]["survivors"] == said["here"]["directions"]
    assert set(said["variances"]) == {None}
    assert set(said["bearable"]) == {None}
    assert said["here"]["augmentation"] == 0
    assert len(said["strengths"]) == 1


@pytest.mark.parametrize("objective", ["InfoNCE", "BetaInfoNCE", "MMCR", "VICReg", "SpectralContrastive"])
def test_views_that_change_next_to_nothing_leave_all_directions(objective, capsys):
    at = predicted(capsys, "--strength", "1e-7", "--objective", objective)["here"]
    assert 0 < at["augmentation"] < 1e-6
    assert at["survivors"] >= at["directions"] - 2 > 40


@pytest.mark.parametrize("similarity", ["cosine", "euclidean"])
@pytest.mark.parametrize("temperature", ["1e-30", "1e30"])
def test_any_temperature_gives_numbers(temperature, similarity, capsys):
    options = [f"temperature={temperature}", f"similarity={similarity}"]
    said = predicted(capsys, "--weight-decay", "0", "--objective", "InfoNCE", "--objective.options", *options)
    assert np.isfinite(said["variances"]).all()
    assert said["here"]["survivors"] == sum(value > 0 for value in said["variances"])
    assert said["here"]["survivors"] == {"1e-30": 64, "1e30": 1}[temperature] or similarity == "euclidean"


def test_a_batch_that_carries_fewer_nats_than_are_asked_for_is_told(capsys):
    words = ["predict", *FEW, "--objective", "SimCLR", "--objective.options", "temperature=0.02"]
    assert main([*words, "--batch-size", "64"]) == 0
    assert "InfoNCE with P = 64 saturates at log P = 4.16" in capsys.readouterr().out
    assert main([*words, "--batch-size", "1000000000"]) == 0
    assert "nats" not in capsys.readouterr().out


def test_survivors_that_may_be_noise_are_told(capsys):
    words = ["--objective", "SimCLR", "--objective.options", "temperature=0.02"]
    assert main(["predict", *FEW, *words]) == 0
    printed = capsys.readouterr().out
    assert "of the surviving directions may be noise" in printed
    assert "distinguishable from" in printed
    assert "Views of strength 0.25 keep" in printed  # of them all survive, whatever the strength


def test_a_runs_features_are_looked_through(tmp_path, capsys):
    recipe = Recipe.from_yaml(
        "encoder: {name: convnet, options: {width: 4}}\nprojector: {D: 6}\nviews: {policy: small}"
    )
    run = Run.create(tmp_path / "run", recipe)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        save_checkpoint(run.checkpoints, Checkpoint(1, build_model(recipe).state_dict(), {}))
    said = predicted(capsys, "--features", "run")
    assert predicted(capsys, "run") == said  # given as data
    assert said["objective"]["name"] == "MMCR"
    assert (said["seen"]["features"], said["seen"]["d"], said["D"]) == ("run", 16, 6)
    assert said["here"]["kept"] == 6
    shutil.rmtree(run.checkpoints)
    assert main(["predict", "--features", "run"]) == 2
    assert "has no checkpoint yet" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "--objective BYOL",
            "no prediction for BYOL: no closed-form theory describes BYOL (supported: InfoNCE, SimCLR, CLIP",
        ),
        ("--objective InfoNC", "did you mean 'InfoNCE'?"),
        ("--objective.options tau=1", "has no option 'tau'"),
        ("--objective.options temperature=-1.0", "temperature must be positive"),
        ("--objective.options temperature=1e200", "temperature must be in [1e-100, 1e+100], not 1e+200"),
        ("--policy huge", "unknown view policy 'huge'"),
        ("--strength -1", "at least 0, not -1.0"),
        ("--strength nan", "finite and at least 0, not nan"),
        ("--weight-decay -1", "--weight-decay must be 0 or more"),
        ("--weight-decay nan", "--weight-decay must be 0 or more"),
        ("--batch-size 0", "--batch-size must be at least 1"),
        ("--dim 0", "predict needs a last linear layer, but --dim is 0"),
        ("--views 1", "--views must be at least 2"),
        ("--images 1", "--images must be at least 2"),
        ("--size 9", "at most 8, not 9"),
        ("--seed -1", "--seed must be from 0 to"),
        (f"--seed {2**63}", "--seed must be from 0 to"),
        (
            "--objective MMCR --objective.options local_weight=0.5",
            "no prediction for MMCR: theory describes MMCR only without its local_weight",
        ),
        ("--plot one", "the extension must be one of .png"),
        ("--plot folder.png", "is a directory; name a file in it"),
        ("--features nowhere", "must be pixels, random-conv or a run directory"),
        ("nowhere", "no file or folder 'nowhere'"),
        ("one", "has only one image"),
        ("--plot figure.gif", "the extension must be one of .png"),
        ("--plot nowhere/figure.png", "the directory nowhere does not exist"),
        ("--recipe nowhere", "unknown recipe 'nowhere'"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(words, said, capsys):
    Path("one").mkdir()
    Path("folder.png").mkdir()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save("one/image.png")
    assert main(["predict", *words.split()]) == 2
    message = capsys.readouterr().err
    assert said in message
    assert message.startswith("eigenview: ")
    assert message.count("\n") == 1
