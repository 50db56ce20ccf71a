import dataclasses
import io
import os
import shutil
import signal
import sys

import numpy as np
import pytest
import torch
from rich.console import Console

import eigenview
from eigenview._errors import UsageError
from eigenview.config import DataRecipe, EncoderRecipe, OptimizerRecipe, Recipe, TrainingRecipe
from eigenview.data import Images
from eigenview.runs import Run, load_checkpoint
from eigenview.training import checkpointing, train
from eigenview.training.inputs import ModelInputs
from eigenview.training.learner import Learner
from tests.runs.lines import lines_of

train_module = sys.modules["eigenview.training.train"]


def with_training(recipe: Recipe, **changes: object) -> Recipe:
    return dataclasses.replace(recipe, training=dataclasses.replace(recipe.training, **changes))


def final_weights(run: Run) -> bytes:
    assert run.last_checkpoint is not None
    return (run.last_checkpoint / "model.safetensors").read_bytes()


def kinds(run: Run) -> list[str]:
    return [line["kind"] for line in lines_of(run)]


@pytest.fixture(scope="module")
def trained_once(tiny, tmp_path_factory) -> Run:
    out = tmp_path_factory.mktemp("trained") / "run"
    assert train(tiny, out) == "finished"
    return Run.open(out)


@pytest.fixture
def trained(trained_once, tmp_path) -> Run:
    """A finished run of one's own, to do with as one likes."""
    return Run.open(shutil.copytree(trained_once.path, tmp_path / "run"))


@pytest.fixture
def unprobed(monkeypatch) -> None:
    """Runs end with their last update, for tests of nothing that comes after it."""
    monkeypatch.setattr(train_module, "evaluate", lambda *_: None)
    monkeypatch.setattr(train_module, "write_page", lambda *_: None)


def interrupting(monkeypatch, at_step: int, number: signal.Signals = signal.SIGINT) -> None:
    """Sends this process a signal in the middle of a step."""
    step = Learner.step

    def interrupted(self, batch):
        if batch.step == at_step:
            os.kill(os.getpid(), number)
        return step(self, batch)

    monkeypatch.setattr(Learner, "step", interrupted)


class TestAWholeRun:
    def test_it_leaves_what_the_design_says(self, trained, tiny):
        found = {path.name for path in trained.path.iterdir()}
        assert found == {"recipe.yaml", "metrics.jsonl", "checkpoints", "pictures", "report.html"}
        stored = trained.recipe
        assert stored.data.size == 8
        assert stored.training.precision in ("32-true", "bf16-mixed")
        left_open = dataclasses.replace(stored.training, precision="auto")
        assert dataclasses.replace(stored, data=tiny.data, training=left_open) == tiny
        assert {path.name for path in trained.pictures.iterdir()} == {"views.png", "neighbours.png"}

    def test_every_measurement_is_there(self, trained):
        steps = [line for line in lines_of(trained) if line["kind"] == "step"]
        assert [line["step"] for line in steps] == [1, 3, 6, 9, 12]
        for line in steps:
            assert sum(line["terms"].values()) == pytest.approx(line["loss"], abs=1e-5)
            assert 0 < line["effective_rank"]["features"] <= 32
            assert 0 < line["effective_rank"]["embeddings"] <= 16
            assert line["images_per_s"] > 0
        assert kinds(trained)[0] == "start"
        assert kinds(trained)[-1] == "end"

    def test_both_inputs_are_probed_in_four_ways(self, trained):
        probes = [line for line in lines_of(trained) if line["kind"] == "probe"]
        assert len({(line["input"], line["probe"]) for line in probes}) == 8
        assert all(0.05 < line["accuracy"] <= 1 for line in probes)
        pixels = {line["probe"]: line["accuracy"] for line in probes if line["input"] == "pixels"}
        assert pixels["kNN"] > 0.95

    @pytest.mark.usefixtures("unprobed")
    def test_the_same_recipe_gives_the_same_weights(self, trained, tiny, tmp_path):
        train(tiny, tmp_path / "again")
        assert final_weights(Run.open(tmp_path / "again")) == final_weights(trained)

    @pytest.mark.usefixtures("unprobed")
    def test_another_seed_gives_others(self, trained, tiny, tmp_path):
        train(with_training(tiny, seed=1), tmp_path / "again")
        assert final_weights(Run.open(tmp_path / "again")) != final_weights(trained)

    def test_the_encoder_comes_back(self, trained):
        encoder = eigenview.load(trained.path)
        images = torch.randint(0, 256, (5, 3, 8, 8), dtype=torch.uint8)
        assert encoder(images).shape == (5, 32)
        assert not encoder.training
        torch.testing.assert_close(encoder(images), encoder(images / 255))

    @pytest.mark.usefixtures("unprobed")
    def test_the_loss_falls(self, tiny, tmp_path):
        train(with_training(tiny, steps=60, measure_every=10), tmp_path / "long")
        losses = [line["loss"] for line in lines_of(Run.open(tmp_path / "long")) if line["kind"] == "step"]
        assert losses[-1] < losses[0] - 0.3

    @pytest.mark.usefixtures("unprobed")
    def test_epochs_count_instead_of_steps(self, tiny, tmp_path):
        train(with_training(tiny, epochs=0.5), tmp_path / "half")  # 1,437 images, 22 batches of 64
        assert max(line.get("step", 0) for line in lines_of(Run.open(tmp_path / "half"))) == 11


class TestNoLabels:
    def test_training_never_reads_them(self, tiny, tmp_path, monkeypatch):
        """Weights are the same bytes when every label is another."""
        train(tiny, tmp_path / "true")
        original = train_module.open_dataset

        def shuffled(*sources):
            images, test = original(*sources)
            assert images.labels is not None
            images.labels = np.random.default_rng(0).permutation(images.labels)
            return images, test

        monkeypatch.setattr(train_module, "open_dataset", shuffled)
        train(tiny, tmp_path / "shuffled")
        runs = [Run.open(tmp_path / name) for name in ("true", "shuffled")]
        assert final_weights(runs[0]) == final_weights(runs[1])
        kNN = [[m["accuracy"] for m in lines_of(run) if m.get("probe") == "kNN"] for run in runs]
        assert max(kNN[1]) < 0.3 < min(kNN[0])

    def test_without_any_there_is_no_probe_and_still_a_report(self, tiny, tmp_path, monkeypatch):
        original = train_module.open_dataset

        def unlabelled(*sources) -> tuple[Images, Images | None]:
            images, _ = original(*sources)
            images.labels = images.class_names = None
            return images, None

        monkeypatch.setattr(train_module, "open_dataset", unlabelled)
        assert train(tiny, tmp_path / "run") == "finished"
        run = Run.open(tmp_path / "run")
        assert "probe" not in kinds(run)
        assert (run.path / "report.html").exists()
        assert (run.pictures / "neighbours.png").exists()


class TestGoingOn:
    @pytest.mark.usefixtures("unprobed")
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_an_interrupted_run_ends_as_if_it_had_not_been(self, number, trained, tiny, tmp_path, monkeypatch):
        out = tmp_path / "interrupted"
        with monkeypatch.context() as patch:
            interrupting(patch, at_step=7, number=number)
            assert train(tiny, out) == "interrupted"
        run = Run.open(out)
        assert run.last_checkpoint is not None
        assert load_checkpoint(run.last_checkpoint).step == 8  # the step under way was finished and saved
        assert kinds(run)[-1] == "end"
        assert train(tiny, out, resume=True) == "finished"
        assert final_weights(run) == final_weights(trained)
        assert measured(run) == measured(trained)

    def test_resuming_a_finished_run_changes_nothing(self, trained, tiny):
        before, lines = final_weights(trained), measured(trained)
        assert train(tiny, trained.path, resume=True) == "finished"
        assert final_weights(trained) == before
        assert measured(trained) == lines

    @pytest.mark.usefixtures("unprobed")
    def test_a_damaged_line_is_named_and_a_newer_format_refused(self, tiny, tmp_path):
        train(tiny, tmp_path / "run", report=False)
        run = Run.open(tmp_path / "run")
        with run.metrics_file.open("a") as file:
            file.write('{"kind": "step", "step": "many"}\n')
        console = Console(file=io.StringIO(), width=200)
        assert train(tiny, run.path, resume=True, report=False, console=console) == "finished"
        said = console.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
        assert "Skipped 1 line of metrics.jsonl that could not be read" in said
        assert "step.step must be an integer, not 'many'" in said
        assert len(run.history.skipped) == 1
        run.metrics_file.write_text('{"kind": "start", "version": 2}\n')
        with pytest.raises(UsageError, match="version 2"):
            train(tiny, run.path, resume=True, report=False)

    def test_resuming_where_there_is_no_run_starts_one(self, tiny, tmp_path):
        assert train(tiny, tmp_path / "new", resume=True) == "finished"

    @pytest.mark.usefixtures("unprobed")
    def test_adam_and_lars_go_on_too(self, tiny, tmp_path, monkeypatch):
        for name in ("adamw", "lars"):
            recipe = dataclasses.replace(tiny, optimizer=OptimizerRecipe(name, lr=1e-3, clip=1.0))
            train(recipe, tmp_path / name)
            with monkeypatch.context() as patch:
                interrupting(patch, at_step=6)
                train(recipe, tmp_path / f"{name}-2")
            train(recipe, tmp_path / f"{name}-2", resume=True)
            assert final_weights(Run.open(tmp_path / name)) == final_weights(Run.open(tmp_path / f"{name}-2"))

    def test_another_recipe_is_refused(self, trained, tiny):
        with pytest.raises(UsageError, match="another recipe"):
            train(with_training(tiny, steps=13), trained.path, resume=True)

    def test_a_directory_that_holds_a_run_is_refused(self, trained, tiny):
        with pytest.raises(UsageError, match="already holds a run"):
            train(tiny, trained.path)


def measured(run: Run) -> list[dict]:
    """What was measured at each step, without what depends on the clock."""
    clock = ("seconds", "images_per_s")
    return [{k: v for k, v in line.items() if k not in clock} for line in lines_of(run) if line["kind"] == "step"]


class TestTrouble:
    def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_checkpoint(self, tiny, tmp_path, monkeypatch):
        views_of = ModelInputs.views

        def poisoned(self, batch):
            views = views_of(self, batch)
            return views * (torch.nan if batch.step == 8 else 1)

        monkeypatch.setattr(ModelInputs, "views", poisoned)
        assert train(tiny, tmp_path / "run") == "non-finite"
        run = Run.open(tmp_path / "run")
        (alarm,) = [line for line in lines_of(run) if line["kind"] == "alarm"]
        assert alarm["name"] == "not finite"
        assert "step-00000005 is kept" in alarm["evidence"]
        assert run.last_checkpoint is not None
        weights = load_checkpoint(run.last_checkpoint).weights
        assert all(torch.isfinite(tensor).all() for tensor in weights.values() if tensor.is_floating_point())
        assert "Stopped: a loss or gradient was not finite" in (run.path / "report.html").read_text()

    @pytest.mark.usefixtures("unprobed")
    def test_weights_that_are_not_finite_are_not_saved(self, tiny, tmp_path, monkeypatch):
        step = Learner.step

        def broken(self, batch):
            update = step(self, batch)
            if batch.step == 9:
                next(self.model.parameters()).data.fill_(torch.inf)
            return update

        monkeypatch.setattr(Learner, "step", broken)
        assert train(tiny, tmp_path / "run") == "non-finite"
        assert [path.name for path in Run.open(tmp_path / "run").checkpoints.iterdir()] == ["step-00000005"]

    @pytest.mark.usefixtures("unprobed")
    def test_a_full_disk_keeps_the_last_checkpoint(self, tiny, tmp_path, monkeypatch):
        save = checkpointing.save_checkpoint

        def full(folder, checkpoint, **options):
            if checkpoint.step > 5:
                raise OSError(28, "No space left on device")
            return save(folder, checkpoint, **options)

        monkeypatch.setattr(checkpointing, "save_checkpoint", full)
        with pytest.raises(OSError, match="No space"):
            train(tiny, tmp_path / "run")
        assert [path.name for path in Run.open(tmp_path / "run").checkpoints.iterdir()] == ["step-00000005"]

    def test_nothing_is_written_for_a_recipe_that_cannot_be(self, tiny, tmp_path):
        cannot = [
            with_training(tiny, P=10_000),
            with_training(tiny, P=1),
            dataclasses.replace(tiny, encoder=EncoderRecipe(f"{__name__}:Refuses")),
        ]
        for recipe in cannot:
            with pytest.raises(UsageError):
                train(recipe, tmp_path / "run")
        assert list(tmp_path.iterdir()) == []

    def test_data_that_changed_are_refused(self, tiny, photos, tmp_path, monkeypatch):
        recipe = dataclasses.replace(tiny, data=DataRecipe(str(photos), size=16), training=TrainingRecipe(P=8, steps=4))
        with monkeypatch.context() as patch:
            interrupting(patch, at_step=1)
            assert train(recipe, tmp_path / "run") == "interrupted"
        (photos / "red" / "0.png").unlink()
        with pytest.raises(UsageError, match="trained on 24 images, but its source now has 23: "):
            train(recipe, tmp_path / "run", resume=True)

    def test_a_few_images_are_enough_for_a_report(self, tiny, photos, tmp_path):
        for file in sorted(photos.rglob("*.png"))[3:]:
            file.unlink()
        recipe = dataclasses.replace(tiny, data=DataRecipe(str(photos), size=16), training=TrainingRecipe(P=2, steps=2))
        assert train(recipe, tmp_path / "run") == "finished"


class Refuses(torch.nn.Module):
    """A net that cannot take what it is given."""

    features = 4

    def forward(self, images):
        raise RuntimeError("mat1 and mat2")


class TestPhotographs:
    def test_mixed_sizes_train_and_broken_files_are_listed(self, tiny, photos, tmp_path):
        recipe = dataclasses.replace(
            tiny,
            data=DataRecipe(str(photos), size=16, workers=2),
            training=TrainingRecipe(P=8, steps=6, measure_every=3, checkpoint_every=3),
        )
        assert train(recipe, tmp_path / "run") == "finished"
        run = Run.open(tmp_path / "run")
        assert "red/broken.png" in (run.path / "skipped.txt").read_text()
        probes = {(m["input"], m["probe"]): m["accuracy"] for m in lines_of(run) if m["kind"] == "probe"}
        assert probes["pixels", "kNN"] > 0.9

    @pytest.mark.usefixtures("unprobed")
    def test_the_number_of_workers_changes_no_weight(self, tiny, photos, tmp_path):
        for workers in (0, 2):
            recipe = dataclasses.replace(
                tiny,
                data=DataRecipe(str(photos), size=16, workers=workers),
                training=TrainingRecipe(P=8, steps=4),
            )
            train(recipe, tmp_path / str(workers))
        assert final_weights(Run.open(tmp_path / "0")) == final_weights(Run.open(tmp_path / "2"))


@pytest.mark.usefixtures("unprobed")
@pytest.mark.parametrize("objective", ["MMCR", "VICReg"])
def test_every_objective_trains(objective, tiny, tmp_path):
    recipe = dataclasses.replace(tiny, objective=dataclasses.replace(tiny.objective, name=objective, options={}))
    assert train(recipe, tmp_path / "run") == "finished"
