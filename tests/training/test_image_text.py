"""Training on images and their captions, from a table to a page."""

import dataclasses
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from eigenview._errors import UsageError
from eigenview.config import (
    DataRecipe,
    EncoderRecipe,
    ObjectiveRecipe,
    OptimizerRecipe,
    Recipe,
    TextRecipe,
    TrainingRecipe,
    ViewsRecipe,
    find_recipe,
)
from eigenview.data import TrainingBatch, open_images, pack
from eigenview.inspect import extract_view_features
from eigenview.report import retrieval_rows, write_page
from eigenview.runs import Run, embed, load, load_model, load_towers
from eigenview.training import train
from eigenview.training.dry_run import dry_run
from eigenview.training.learner import Learner
from eigenview.training.nonfinite import first_nonfinite_weight, locate_nonfinite
from eigenview.training.retrieval_probing import prompts_of
from eigenview.views import POLICIES
from tests.captioned import SCENES, caption, picture, write_scenes, write_table
from tests.runs.lines import lines_of

STATISTICS = ((0.5, 0.5, 0.5), (0.25, 0.25, 0.25))


def recipe_of(train: str, test: str | None = None, **changes: object) -> Recipe:
    """Small towers that learn the scenes in seconds."""
    recipe = dataclasses.replace(
        find_recipe("captions"),
        data=DataRecipe(train, test, captions="auto", label="shape", size=16),
        views=ViewsRecipe(K=1, policy=POLICIES["identity"]),
        encoder=EncoderRecipe("convnet", {"width": 8}),
        projector=dataclasses.replace(find_recipe("captions").projector, D=24),
        text=TextRecipe(
            vocabulary=300, context=16, width=32, depth=1, heads=2, prompt="a red {} on the left of a black wall"
        ),
        optimizer=OptimizerRecipe("adamw", lr=3e-3, weight_decay=1e-3, clip=1.0),
        training=TrainingRecipe(P=48, steps=120, precision="32-true", measure_every=40, checkpoint_every=60),
    )
    return dataclasses.replace(recipe, **changes)


def with_training(recipe: Recipe, **changes: object) -> Recipe:
    return dataclasses.replace(recipe, training=dataclasses.replace(recipe.training, **changes))


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("tables")
    return write_scenes(folder / "a.parquet", 4), write_scenes(folder / "b.parquet", 1, seed=1000)


def trained(objective: str, tables, tmp_path_factory) -> Run:
    out = tmp_path_factory.mktemp("pairs") / "run"
    assert train(recipe_of(*tables, objective=ObjectiveRecipe(objective)), out) == "finished"
    return Run.open(out)


@pytest.fixture(scope="module")
def clip(tables, tmp_path_factory) -> Run:
    return trained("CLIP", tables, tmp_path_factory)


@pytest.fixture(scope="module")
def mmcr(tables, tmp_path_factory) -> Run:
    return trained("MMCR", tables, tmp_path_factory)


@pytest.fixture(params=["clip", "mmcr"])
def run(request) -> Run:
    return request.getfixturevalue(request.param)


FOUND = ("retrieval", "zero-shot")


def probes(run: Run) -> dict[str, dict]:
    return {line.get("direction", line["kind"]): line for line in lines_of(run) if line["kind"] in FOUND}


class TestAWholeRun:
    def test_new_pictures_and_their_captions_find_each_other(self, run):
        for row in retrieval_rows(run.history):
            assert row.chance == {f"R@{k}": pytest.approx(k / 48) for k in (1, 5, 10)}
            assert row.found["R@1"] > 0.3  # 15 times chance; most miss none
            assert row.found["R@10"] > 0.8
        assert len(retrieval_rows(run.history)) == 2

    def test_classes_are_found_by_their_names(self, clip):
        found = probes(clip)["zero-shot"]
        assert (found["classes"], found["images"], found["trained_on"]) == (3, 48, False)
        assert found["chance"] == found["majority"] == pytest.approx(1 / 3)
        assert found["accuracy"] > 0.6

    def test_an_underscore_in_a_class_s_name_is_read_as_a_space(self):
        assert prompts_of(["dining_table", "cat"], "a {}") == ["a dining table", "a cat"]

    def test_measurements_tell_how_far_towers_agree(self, run):
        steps = [line for line in lines_of(run) if line["kind"] == "step"]
        assert [line["step"] for line in steps] == [1, 40, 80, 120]
        first, last = steps[0], steps[-1]
        assert last["loss"] < first["loss"]
        assert last["centroid_norm"]["embeddings"] > first["centroid_norm"]["embeddings"]
        assert last["percent_error"]["embeddings"] < first["percent_error"]["embeddings"]
        assert set(last["cosine"]) == {"embeddings"}
        assert last["cosine"]["embeddings"]["views"] > last["cosine"]["embeddings"]["samples"] + 0.2

    def test_it_says_what_it_was(self, run):
        start = next(line for line in lines_of(run) if line["kind"] == "start")
        assert start["K"] == 2
        assert (start["data"]["train"], start["data"]["captions"]) == (192, 192)
        assert set(start["parameters"]) == {"encoder", "projector", "text encoder", "text projector", "objective"}
        assert start["data"]["vocabulary"] <= 300

    def test_it_leaves_its_vocabulary_and_a_page(self, run):
        found = {path.name for path in run.path.iterdir()}
        assert found == {"recipe.yaml", "metrics.jsonl", "tokenizer.json", "checkpoints", "pictures", "report.html"}
        page = (run.path / "report.html").read_text()
        for words in (
            "image → text",
            "R@10",
            "Zero-shot classification with",
            "192 captions",
            "Retrieval among 48 images and 48 texts",
        ):
            assert words in page
        assert write_page(run.path).read_text() == page

    def test_no_alarm_of_views_is_raised(self, run):
        assert [line["name"] for line in lines_of(run) if line["kind"] == "alarm"] == []


class TestUsingIt:
    def test_towers_say_which_text_fits(self, clip):
        towers = load_towers(clip.path)
        texts = [caption(scene) for scene in SCENES]
        pixels = torch.stack([torch.from_numpy(np.array(picture(s, 77)).transpose(2, 0, 1)) for s in SCENES])
        cosines = towers.images(pixels) @ towers.texts(texts).T
        assert cosines.abs().max() <= 1 + 1e-5
        assert float((cosines.argmax(1) == torch.arange(48)).double().mean()) > 0.5
        torch.testing.assert_close(towers.texts([texts[3]]), towers.texts(texts)[3:4], atol=1e-5, rtol=1e-5)

    def test_its_image_tower_is_an_encoder_like_any_other(self, clip, tables, tmp_path):
        images = pack(open_images(tables[1]), 16)
        with torch.no_grad():
            features = load(clip.path)(images)
        assert embed(clip.path, tables[1], tmp_path / "x.npy") == (48, 32)
        np.testing.assert_allclose(np.load(tmp_path / "x.npy"), features.numpy(), atol=1e-4)
        h, z = load_model(clip.path)(images[None])
        torch.testing.assert_close(h[0], features)
        torch.testing.assert_close(torch.nn.functional.normalize(z[0]), load_towers(clip.path).images(images))

    def test_it_can_be_looked_at(self, clip):
        seen = extract_view_features(clip.path, P=20)
        assert seen.h.shape == (4, 20, 32)
        assert seen.z.shape == (4, 20, 24)

    def test_a_run_on_images_alone_has_no_towers(self, tmp_path):
        Run.create(tmp_path / "run", Recipe())
        with pytest.raises(UsageError, match="was trained on images alone and has no text tower"):
            load_towers(tmp_path / "run")


class TestResuming:
    def test_it_goes_on_to_the_same_bytes(self, tables, tmp_path, monkeypatch):
        recipe = with_training(recipe_of(*tables), steps=12, checkpoint_every=5, measure_every=4)
        assert train(recipe, tmp_path / "whole") == "finished"
        step = Learner.step

        def interrupted(self, batch):
            if batch.step == 6:
                os.kill(os.getpid(), signal.SIGINT)
            return step(self, batch)

        monkeypatch.setattr(Learner, "step", interrupted)
        assert train(recipe, tmp_path / "parts") == "interrupted"
        monkeypatch.setattr(Learner, "step", step)
        assert train(recipe, tmp_path / "parts", resume=True) == "finished"
        for name in ("tokenizer.json", "checkpoints/step-00000012/model.safetensors"):
            assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
        assert probes(Run.open(tmp_path / "parts")) == probes(Run.open(tmp_path / "whole"))


class TestData:
    def test_photographs_of_mixed_sizes_with_several_captions(self, tmp_path):
        pictures = [picture(scene, i, side=24 + i % 3) for i, scene in enumerate(SCENES)]
        said = [[caption(scene), f"{scene[0]} {scene[1]}"] for scene in SCENES]
        path = write_table(tmp_path / "x.parquet", [*pictures, b"broken"], captions=[*said, ["x"]])
        recipe = with_training(recipe_of(path), P=16, steps=4, checkpoint_every=4)
        recipe = dataclasses.replace(recipe, data=dataclasses.replace(recipe.data, label=None, workers=2))
        assert train(recipe, tmp_path / "run") == "finished"
        run = Run.open(tmp_path / "run")
        found = probes(run)
        assert set(found) == {"image to text", "text to image"}  # no labels: no classes
        # 48 captions of their own, and 12 that four images share.
        assert (found["image to text"]["images"], found["image to text"]["texts"]) == (48, 60)
        assert found["image to text"]["chance"]["R@1"] == pytest.approx(2 / 60)
        assert found["text to image"]["chance"]["R@1"] == pytest.approx((48 * 1 + 12 * 4) / 60 / 48)
        assert found["image to text"]["trained_on"]
        assert "that training saw (name others with --test)" in (run.path / "report.html").read_text()

    def test_what_says_nothing_is_counted_and_listed(self, tmp_path):
        said = [caption(scene) for scene in SCENES]
        path = write_table(
            tmp_path / "x.parquet", [picture(s, i) for i, s in enumerate(SCENES)], caption=[None, *said[1:]]
        )
        recipe = with_training(recipe_of(path), P=16, steps=1)
        train(dataclasses.replace(recipe, data=dataclasses.replace(recipe.data, label=None)), tmp_path / "run")
        assert (tmp_path / "run" / "skipped.txt").read_text() == "0.png\tit has no caption\n"
        page = (tmp_path / "run" / "report.html").read_text()
        assert "1 file was skipped because it has no caption" in page

    def test_equal_captions_but_for_case_are_one_text(self, tmp_path):
        words = ["A Red Square", "a red square", "A blue disc", "green"]
        path = write_table(tmp_path / "x.parquet", [picture(SCENES[i], i) for i in range(4)], caption=words)
        recipe = with_training(recipe_of(path), P=4, steps=1)
        train(dataclasses.replace(recipe, data=dataclasses.replace(recipe.data, label=None)), tmp_path / "run")
        assert probes(Run.open(tmp_path / "run"))["image to text"]["texts"] == 3

    def test_a_row_for_each_caption_is_as_good_as_a_list(self, tmp_path):
        """Equal images are one with the captions of all: none is beaten by its own copies."""
        pictures = [picture(scene, i) for i, scene in enumerate(SCENES)]
        said = [(caption(scene), f"{' '.join(scene)}, in short") for scene in SCENES]
        lists = write_table(tmp_path / "lists.parquet", pictures, captions=[list(texts) for texts in said])
        rows = write_table(
            tmp_path / "rows.parquet", pictures + pictures, caption=[texts[i] for i in (0, 1) for texts in said]
        )
        recipe = with_training(recipe_of(lists), P=16, steps=1)
        recipe = dataclasses.replace(recipe, data=dataclasses.replace(recipe.data, label=None))
        train(recipe, tmp_path / "of-lists")
        train(dataclasses.replace(recipe, data=dataclasses.replace(recipe.data, train=rows)), tmp_path / "of-rows")
        found = [probes(Run.open(tmp_path / name)) for name in ("of-lists", "of-rows")]
        for way in ("image to text", "text to image"):
            first, second = (of[way] for of in found)
            assert (first["images"], first["texts"]) == (second["images"], second["texts"]) == (48, 96)
            assert first["chance"] == second["chance"]

    def test_the_vocabulary_is_of_training_captions_alone(self, tmp_path):
        pictures = [picture(SCENES[i], i) for i in range(4)]
        known, unknown = ["disc", "red disc", "blue disc", "disc"], ["zeppelin", "zeppelins", "a zeppelin", "zeppelin"]
        train_file, test_file = (
            write_table(tmp_path / f"{name}.parquet", pictures, caption=words)
            for name, words in (("a", known), ("b", unknown))
        )
        recipe = with_training(recipe_of(train_file, test_file), P=4, steps=1)
        train(dataclasses.replace(recipe, data=dataclasses.replace(recipe.data, label=None)), tmp_path / "run")
        vocabulary = load_towers(tmp_path / "run").vocabulary
        assert vocabulary.encode(["disc"]).shape == (1, 3)
        assert vocabulary.encode(["zeppelin"]).shape == (1, 2 + len(" zeppelin"))


def learner(tables, objective: str, **options) -> Learner:
    from eigenview.nets import Vocabulary

    recipe = recipe_of(*tables, objective=ObjectiveRecipe(objective, options))
    return Learner(recipe, STATISTICS, 10, Vocabulary.of([caption(scene) for scene in SCENES], 300, 16))


def update(of: Learner, **changes: object):
    images = torch.randint(0, 256, (48, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    said = tuple(caption(scene) for scene in SCENES)
    return of.step(TrainingBatch(0, images, cropped=False, captions=said))


class TestObjectives:
    @pytest.mark.parametrize(
        "name", ["CLIP", "MMCR", "InfoNCE", "VICReg", "BarlowTwins", "SpectralContrastive", "BetaInfoNCE", "SIGReg"]
    )
    def test_what_takes_embeddings_alone_takes_towers(self, tables, name):
        taken = learner(tables, name)
        dry_run(taken)
        before = {key: p.detach().clone() for key, p in taken.model.named_parameters()}
        made = update(taken)
        assert made.finite
        assert made.h.shape == (1, 48, 32)
        assert made.z.shape == (2, 48, 24)
        moved = {key.partition(".")[0] for key, p in taken.model.named_parameters() if not torch.equal(p, before[key])}
        assert moved == {"encoder", "projector", "text_encoder", "text_projector"}

    @pytest.mark.parametrize(
        ("name", "why"),
        [
            ("BYOL", "needs a teacher of a single network"),
            ("SimSiam", "needs a teacher of a single network"),
            ("TraceContrastive", "constrains a single projector"),
        ],
    )
    def test_what_asks_for_more_does_not(self, tables, name, why):
        with pytest.raises(UsageError, match=f"{name} {why}, but image–text pairs have two towers: use CLIP, MMCR"):
            learner(tables, name)

    def test_where_numbers_end_is_told_of_the_text_tower_too(self, tables):
        taken = learner(tables, "CLIP")
        with torch.no_grad():
            taken.model.get_submodule("text_encoder.norm").weight.fill_(torch.inf)
        assert first_nonfinite_weight(taken) == "text_encoder.norm.weight"
        assert not update(taken).finite
        images = torch.zeros(48, 3, 16, 16, dtype=torch.uint8)
        batch = TrainingBatch(0, images, cropped=False, captions=("a red disc",) * 48)
        assert (
            locate_nonfinite(taken, batch)
            == "in the output of text_encoder.norm (LayerNorm, whose weights are not finite)"
        )


class TestMistakes:
    def test_more_samples_than_pairs(self, tables, tmp_path):
        with pytest.raises(UsageError, match=r"training\.P = 500 is larger than the number of images, 192"):
            train(with_training(recipe_of(*tables), P=500), tmp_path / "run")

    def test_a_single_pair_tells_clip_nothing(self, tables, tmp_path):
        with pytest.raises(UsageError, match="CLIP needs at least 2 samples, not P = 1"):
            train(with_training(recipe_of(*tables), P=1), tmp_path / "run")
        assert list(tmp_path.iterdir()) == []

    def test_captions_of_digits(self, tmp_path):
        with pytest.raises(UsageError, match=r"the digits have no columns, so no data\.captions"):
            train(dataclasses.replace(find_recipe("captions"), data=DataRecipe(captions="auto")), tmp_path / "run")


@pytest.mark.parametrize("objective", ["CLIP", "MMCR"])
def test_real_products_and_their_titles(real_data: Path, tmp_path, objective):
    names = [real_data / f"fashion_products_captions-{split}.parquet" for split in ("train", "test")]
    recipe = dataclasses.replace(
        recipe_of(*map(str, names), objective=ObjectiveRecipe(objective)),
        data=DataRecipe(*map(str, names), captions="auto", size=16),
        encoder=EncoderRecipe("convnet", {"width": 16}),
        text=TextRecipe(vocabulary=1000, context=20, width=64, depth=1, heads=2),
        training=TrainingRecipe(P=128, steps=40),
    )
    assert train(recipe, tmp_path / "run") == "finished"
    for row in retrieval_rows(Run.open(tmp_path / "run").history):
        assert row.found["R@10"] > 4 * row.chance["R@10"]
