"""Which column says what an image shows, and which caption goes with which image."""

import tarfile
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from eigenview._errors import UsageError
from eigenview.data import TrainingBatches, are_captioned, distinct_texts, open_dataset, open_images
from eigenview.nets import Vocabulary
from tests.captioned import SCENES, caption, encoded, picture, write_scenes, write_table

THREE = [picture(SCENES[i], i) for i in range(3)]
WORDS = ["one", "two", "three"]


def said(path: str, column: str = "auto") -> list[tuple[str, ...]]:
    captions = open_images(path, captions=column).captions
    assert captions is not None
    return captions


class TestColumns:
    def test_a_text_for_each_image(self, tmp_path):
        assert said(write_table(tmp_path / "x.parquet", THREE, caption=WORDS)) == [("one",), ("two",), ("three",)]

    def test_lists_come_before_the_one_that_stands_for_them(self, tmp_path):
        lists = [["one", "un"], ["two"], ["three", "trois", "tre"]]
        path = write_table(tmp_path / "x.parquet", THREE, caption=WORDS, captions=lists)
        assert said(path) == [tuple(texts) for texts in lists]
        assert said(path, "caption") == [("one",), ("two",), ("three",)]

    def test_a_column_of_any_name(self, tmp_path):
        path = write_table(tmp_path / "x.parquet", THREE, caption=WORDS, name=list("abc"))
        assert said(path, "name") == [("a",), ("b",), ("c",)]

    @pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())])
    def test_other_kinds_of_text(self, tmp_path, kind):
        path = write_table(tmp_path / "x.parquet", THREE, title=pa.array(WORDS, kind))
        assert said(path)[2] == ("three",)

    def test_large_lists(self, tmp_path):
        lists = pa.array([["one"], ["two", "deux"], ["three"]], pa.large_list(pa.string()))
        assert said(write_table(tmp_path / "x.parquet", THREE, captions=lists))[1] == ("two", "deux")

    def test_images_alone_have_none(self, tmp_path):
        assert open_images(write_table(tmp_path / "x.parquet", THREE, caption=WORDS)).captions is None

    def test_shards(self, tmp_path):
        for i, word in enumerate(WORDS):
            (tmp_path / f"{i}.png").write_bytes(encoded(THREE[i]))
            (tmp_path / f"{i}.txt").write_text(word)
        with tarfile.open(tmp_path / "x.tar", "w") as shard:
            for i in range(3):
                for ending in ("png", "txt"):
                    shard.add(tmp_path / f"{i}.{ending}", f"{i}.{ending}")
        assert said(str(tmp_path / "x.tar")) == [("one",), ("two",), ("three",)]
        assert are_captioned(str(tmp_path / "x.tar"))

    def test_test_pairs_are_read_alike(self, tmp_path):
        train = write_table(tmp_path / "a.parquet", THREE, caption=WORDS, kind=list("xyx"))
        test = write_table(tmp_path / "b.parquet", THREE[:2], caption=["four", "five"], kind=list("yz"))
        training, testing = open_dataset(train, test, captions="auto", label="kind")
        assert testing is not None
        assert testing.captions == [("four",), ("five",)]
        assert training.class_names == testing.class_names == ["x", "y", "z"]
        assert testing.labels is not None
        assert testing.labels.tolist() == [1, 2]


class TestMissing:
    def test_images_of_which_nothing_is_said_are_left_out(self, tmp_path):
        path = write_table(tmp_path / "x.parquet", [*THREE, b"broken"], caption=[None, " two ", "  ", "four"])
        images = open_images(path, captions="auto")
        assert images.captions == [("two",)]
        assert {skipped.name: skipped.reason for skipped in images.skipped} == {
            "0.png": "it has no caption",
            "2.png": "it has no caption",
            "3.png": "not an image",
        }
        assert (np.array(images.decode(0)) == np.array(THREE[1])).all()

    def test_of_lists_blank_texts_are_left_out(self, tmp_path):
        path = write_table(tmp_path / "x.parquet", THREE, captions=[["a", "", None], [], None])
        assert said(path) == [("a",)]

    @pytest.mark.parametrize(
        ("columns", "wanted", "words"),
        [
            (
                {"caption": ["", None, " "]},
                "auto",
                "none of the 3 images in '{}' has a caption: all captions are",
            ),
            ({"name": WORDS}, "auto", "'{}' has no column of captions (set data.captions); its columns are"),
            ({"caption": WORDS}, "captoin", "'{}' has no column 'captoin' of captions; its columns are image, caption"),
            ({"caption": [1, 2, 3]}, "auto", "column 'caption' of '{}' holds int64; captions must be text"),
            ({"captions": [[1], [2], [3]]}, "captions", "holds lists of int64; captions must be text"),
        ],
    )
    def test_tables_without_captions(self, tmp_path, columns, wanted, words):
        path = write_table(tmp_path / "x.parquet", THREE, **columns)
        with pytest.raises(UsageError) as error:
            open_images(path, captions=wanted)
        assert words.format(path) in str(error.value)

    def test_links_in_place_of_images(self, tmp_path):
        links = [f"https://somewhere/{i}.jpg" for i in range(3)]
        pq.write_table(pa.table({"image": links, "caption": WORDS}), tmp_path / "x.parquet")
        with pytest.raises(UsageError, match=r"no column of images; .* not paths or links as text"):
            open_images(str(tmp_path / "x.parquet"), captions="auto")

    def test_what_is_no_table(self, tmp_path):
        THREE[0].save(tmp_path / "a.png")
        with pytest.raises(UsageError, match=r"the digits have no columns, so no data\.captions 'auto'"):
            open_images("digits", captions="auto")
        with pytest.raises(UsageError, match="is a folder of images, and has no columns"):
            open_images(str(tmp_path), captions="caption")

    def test_labels_by_a_name_that_is_not_there(self, tmp_path):
        path = write_table(tmp_path / "x.parquet", THREE, caption=WORDS, kind=list("xyx"), size=[0.1, 0.2, 0.3])
        with pytest.raises(UsageError, match=r"no column 'knid' of labels; its columns are image, caption, kind, size"):
            open_images(path, label="knid")
        with pytest.raises(UsageError, match=r"the column 'size' of .* does not hold labels"):
            open_images(path, label="size")
        assert open_images(path, label="kind").class_names == ["x", "y"]


class TestWhatIsCaptioned:
    @pytest.mark.parametrize(
        ("columns", "expected"),
        [
            ({"caption": WORDS}, True),
            ({"captions": [[word] for word in WORDS]}, True),
            ({"caption": WORDS, "label": [0, 1, 0]}, True),
            ({"title": WORDS}, True),
            ({"title": WORDS, "label": [0, 1, 0]}, False),
            ({"caption": [1, 2, 3]}, False),
            ({"label": [0, 1, 0]}, False),
        ],
    )
    def test_by_its_columns(self, tmp_path, columns, expected):
        assert are_captioned(write_table(tmp_path / "x.parquet", THREE, **columns)) is expected

    def test_what_cannot_be_read_is_not(self, tmp_path):
        (tmp_path / "x.parquet").write_text("no table")
        (tmp_path / "x.tar").write_text("no shard")
        for source in ("digits", "hf:some/captions", str(tmp_path / "x.parquet"), str(tmp_path / "x.tar"), "nowhere"):
            assert not are_captioned(source)


class TestDistinctTexts:
    def test_each_once_and_whose_it_is(self):
        texts, whose = distinct_texts([("one", "two"), ("two",), ("three", "one", "three")])
        assert texts == ["one", "two", "three"]
        assert whose.tolist() == [[True, True, False], [False, True, False], [True, False, True]]

    def test_what_a_vocabulary_reads_alike_is_one(self):
        """In the writing of the first, so that a tower is not asked for a word that its captions never had."""
        texts, whose = distinct_texts([("Große Tür",), ("grosse Tür",), ("GROßE TU\u0308R",)])
        assert texts == ["Große Tür", "grosse Tür"]
        assert whose.tolist() == [[True, False], [False, True], [True, False]]
        read = Vocabulary.of(texts, 300, 32).encode(["Große Tür", "GROßE TU\u0308R"])
        assert torch.equal(read[0], read[1])


class TestBatches:
    @pytest.fixture
    def images(self, tmp_path):
        return open_images(write_scenes(tmp_path / "x.parquet", 1), captions="auto")

    def test_each_image_has_its_own_caption(self, images):
        for batch in islice(TrainingBatches(images, 5, seed=0).at(0), 20):
            assert batch.captions is not None
            for pixels, text in zip(batch.images, batch.captions, strict=True):
                scene = next(scene for scene in SCENES if caption(scene) == text)
                expected = np.array(picture(scene, SCENES.index(scene))).transpose(2, 0, 1)
                assert (pixels.numpy() == expected).all()

    def test_resuming_draws_the_same(self, tmp_path):
        lists = [[f"{i} {j}" for j in range(4)] for i in range(3)]
        images = open_images(write_table(tmp_path / "x.parquet", THREE, captions=lists), captions="auto")
        undisturbed = [batch.captions for batch in islice(TrainingBatches(images, 2, seed=1).at(0), 300)]
        assert [batch.captions for batch in islice(TrainingBatches(images, 2, seed=1).at(37), 263)] == undisturbed[37:]
        counts = np.unique([text for texts in undisturbed for text in texts or ()], return_counts=True)[1]
        assert len(counts) == 12
        assert counts.min() > 25  # 50 each expected: every caption has its turn

    def test_a_stand_in_brings_its_caption(self, images):
        images.replace(3, 4, "broken")
        assert images.captions[3] == images.captions[4] == (caption(SCENES[4]),)

    def test_images_alone_have_no_captions(self, tmp_path):
        images = open_images(write_scenes(tmp_path / "x.parquet", 1))
        assert next(TrainingBatches(images, 5, seed=0).at(0)).captions is None
