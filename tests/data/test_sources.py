import io
import os
import tarfile
import time
from collections import Counter

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from datasets import Image as ImageFeature
from PIL import Image
from sklearn.datasets import load_digits

from eigenview._errors import UsageError
from eigenview.data import Images, open_dataset, open_images, pack


def names(images: Images) -> list[str]:
    return [images.name(i) for i in range(len(images))]


def labels(images: Images) -> list[int]:
    assert images.labels is not None
    return images.labels.tolist()


def classes(images: Images) -> list[str]:
    """The name of every image's class."""
    assert images.class_names is not None
    return [images.class_names[label] for label in labels(images)]


def both(train: str, test: str | None = None) -> tuple[Images, Images]:
    """Training and test images, where both must be there."""
    training, testing = open_dataset(train, test)
    assert testing is not None
    return training, testing


class TestDigits:
    def test_split_is_fixed_and_stratified(self):
        train, test = both("digits")
        assert (len(train), len(test)) == (1437, 360)
        assert not set(names(train)) & set(names(test))
        assert max(Counter(labels(test)).values()) - min(Counter(labels(test)).values()) <= 3
        assert names(open_images("digits", "test")) == names(test)

    def test_pixels_and_labels_are_scikit_learns(self):
        x, y = load_digits(return_X_y=True)
        test = open_images("digits", "test")
        rows = [int(name.removeprefix("digit ")) for name in names(test)]
        assert labels(test) == y[rows].tolist()
        pixels = pack(test)
        assert pixels.shape == (360, 3, 8, 8)
        np.testing.assert_allclose(pixels[:, 0].reshape(360, 64) / 255, x[rows] / 16, atol=0.5 / 255 + 1e-9)

    def test_no_other_split(self):
        with pytest.raises(UsageError, match="'digits' has no validation split"):
            open_images("digits", "validation")


class TestFolder:
    @pytest.fixture
    def fill(self, tmp_path, draw):
        """A function that writes images at the given paths, and returns the folder's name."""

        def filled(*paths: str) -> str:
            for i, path in enumerate(paths):
                (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
                draw(i).save(tmp_path / path)
            return str(tmp_path)

        return filled

    def test_class_folders(self, fill):
        images = open_images(fill("dog/a.png", "cat/b.jpg", "dog/deep/c.webp", "cat/d.GIF"))
        assert names(images) == ["cat/b.jpg", "cat/d.GIF", "dog/a.png", "dog/deep/c.webp"]
        assert classes(images) == ["cat", "cat", "dog", "dog"]
        assert images.class_names == ["cat", "dog"]

    @pytest.mark.parametrize("paths", [["a.png", "b.png"], ["one/a.png", "one/b.png"], ["a.png", "x/b.png", "y/c.png"]])
    def test_without_several_class_folders_nothing_is_labelled(self, fill, paths):
        images = open_images(fill(*paths))
        assert len(images) == len(paths)
        assert images.labels is None
        assert images.class_names is None

    def test_labels_stay_with_their_images_when_some_are_skipped(self, fill, tmp_path):
        source = fill("cat/a.png", "cat/c.png", "dog/d.png")
        (tmp_path / "cat" / "b.png").write_text("no image")
        assert classes(open_images(source)) == ["cat", "cat", "dog"]

    @pytest.mark.parametrize("held_out", ["test", "val", "validation", "Test"])
    def test_split_folders(self, fill, held_out):
        train, test = both(
            fill("train/cat/a.png", "train/dog/b.png", f"{held_out}/dog/c.png", f"{held_out}/cat/d.png", "e.png")
        )
        assert names(train) == ["cat/a.png", "dog/b.png"]
        assert names(test) == ["cat/d.png", "dog/c.png"]
        assert classes(test) == ["cat", "dog"]

    def test_a_class_called_train(self, fill):
        train, test = open_dataset(fill("car/a.png", "plane/b.png", "train/c.png"))
        assert classes(train) == ["car", "plane", "train"]
        assert test is None

    def test_words_in_file_names_are_no_splits(self, fill):
        train, test = open_dataset(fill("train_1.png", "a-test-1.png", "other.png"))
        assert len(train) == 3
        assert test is None

    def test_classes_of_two_folders_are_matched_by_name(self, fill):
        source = fill("a/cat/1.png", "a/dog/2.png", "b/ant/3.png", "b/dog/4.png", "b/elk/5.png")
        train, test = both(f"{source}/a", f"{source}/b")
        assert classes(train) == ["cat", "dog"]
        assert classes(test) == ["ant", "dog", "elk"]
        assert train.class_names == test.class_names
        assert labels(train)[1] == labels(test)[1]

    def test_no_class_in_common(self, fill):
        source = fill("a/cat/1.png", "a/dog/2.png", "b/ant/3.png", "b/elk/4.png")
        with pytest.raises(UsageError, match="shares no class with the training images"):
            open_dataset(f"{source}/a", f"{source}/b")

    def test_what_is_trained_on_is_no_test(self, fill):
        source = fill("car/a.png", "plane/b.png")
        with pytest.raises(UsageError, match="is the training source; give a different one"):
            open_dataset(source, f"{source}/car/..")
        split = fill("train/car/a.png", "test/car/b.png")
        training, testing = both(split, split)
        assert len(training) == len(testing) == 1

    def test_hidden_and_other_files_are_passed_over(self, fill, tmp_path):
        source = fill("a.png", ".hidden/b.png", ".c.png", "__MACOSX/d.png")
        (tmp_path / "metadata.csv").write_text("name,weight\na.png,1\n")
        assert names(open_images(source)) == ["a.png"]

    def test_odd_names(self, fill):
        assert names(open_images(fill("[x] *?/ü 1.png", "b/%20.png"))) == ["[x] *?/ü 1.png", "b/%20.png"]

    def test_links_are_followed_and_cycles_end(self, fill, tmp_path):
        source = fill("real/a.png")
        (tmp_path / "linked").mkdir()
        (tmp_path / "linked" / "back").symlink_to(tmp_path / "linked")
        (tmp_path / "linked" / "real").symlink_to(tmp_path / "real")
        assert len(open_images(f"{source}/linked")) == 1

    def test_changes_are_seen(self, fill, tmp_path, draw):
        source = fill("a.png", "b.png")
        before = pack(open_images(source))
        (tmp_path / "a.png").unlink()
        draw(7).save(tmp_path / "b.png")
        draw(8).save(tmp_path / "c.png")
        images = open_images(source)
        assert names(images) == ["b.png", "c.png"]
        assert (pack(images)[0] != before[1]).any()


def write_parquet(path, encoded: list[bytes], label_feature=None, classes=(), **columns) -> str:
    """Rows as the hub stores them."""
    features = {"img": ImageFeature(), **({"label": label_feature} if label_feature else {})}
    rows = {"img": [{"bytes": e, "path": f"{i}.png"} for i, e in enumerate(encoded)]}
    if label_feature:
        rows["label"] = list(classes)
    for name, (feature, values) in columns.items():
        features[name], rows[name] = feature, values
    path.parent.mkdir(parents=True, exist_ok=True)
    Dataset.from_dict(rows, features=Features(features)).to_parquet(path)
    return str(path)


class TestParquet:
    @pytest.fixture
    def encoded(self, draw, encode) -> list[bytes]:
        return [encode(draw(i)) for i in range(4)]

    def test_hub_layout(self, tmp_path, encoded, draw):
        feature = ClassLabel(names=["cat", "dog"])
        images = open_images(write_parquet(tmp_path / "x.parquet", encoded, feature, [1, 0, 0, 1]))
        assert classes(images) == ["dog", "cat", "cat", "dog"]
        assert images.name(2) == "2.png"
        assert all((np.array(images.decode(i)) == np.array(draw(i))).all() for i in range(4))

    @pytest.mark.parametrize("kind", ["structs", "bytes", "large bytes"])
    def test_layouts_that_say_nothing_of_images(self, tmp_path, encoded, kind):
        column = {
            "structs": pa.array([{"bytes": e, "path": None} for e in encoded]),
            "bytes": pa.array(encoded),
            "large bytes": pa.array(encoded, pa.large_binary()),
        }[kind]
        pq.write_table(pa.table({"n": [1, 2, 3, 4], "photo": column, "class": list("abca")}), tmp_path / "x.parquet")
        images = open_images(str(tmp_path / "x.parquet"))
        assert images.size == (24, 24)
        assert classes(images) == list("abca")
        assert images.name(2) == "row 2"

    def test_the_finer_label(self, tmp_path, encoded):
        coarse = ClassLabel(names=["animal", "thing"]), [0, 1, 1, 0]
        fine = ClassLabel(names=["cat", "car", "cup"]), [0, 1, 2, 0]
        path = write_parquet(tmp_path / "x.parquet", encoded, coarse_label=coarse, fine_label=fine)
        assert classes(open_images(path)) == ["cat", "car", "cup", "cat"]

    @pytest.mark.parametrize("label", [-1, None])
    def test_minus_one_and_null_mean_unlabelled(self, tmp_path, encoded, label):
        path = write_parquet(tmp_path / "x.parquet", encoded, ClassLabel(names=["cat", "dog"]), [0, 1, label, 0])
        assert open_images(path).labels is None

    def test_captions_are_no_labels(self, tmp_path, encoded):
        path = write_parquet(tmp_path / "x.parquet", encoded, caption=(Value("string"), list("abcd")))
        assert open_images(path).labels is None

    def test_broken_and_empty_rows_are_skipped(self, tmp_path, encoded):
        encoded[1], encoded[3] = b"no image", b""
        feature = ClassLabel(names=list("abcd"))
        images = open_images(write_parquet(tmp_path / "x.parquet", encoded, feature, [0, 1, 2, 3]))
        assert classes(images) == ["a", "c"]
        assert [skipped.name for skipped in images.skipped] == ["1.png", "3.png"]
        assert images.skipped[0].reason == "not an image"

    @pytest.mark.parametrize("how", ["folder", "glob"])
    def test_several_files(self, tmp_path, encoded, how):
        for i in range(2):
            write_parquet(tmp_path / f"{i}.parquet", encoded[2 * i : 2 * i + 2], Value("int64"), [2 * i, 2 * i + 1])
        images = open_images(str(tmp_path / "*.parquet" if how == "glob" else tmp_path))
        assert labels(images) == [0, 1, 2, 3]

    def test_splits_in_file_names(self, tmp_path, encoded):
        for name in ("data/train-00000-of-00002", "data/train-00001-of-00002", "data/test-00000-of-00001"):
            write_parquet(tmp_path / f"{name}.parquet", encoded)
        train, test = both(str(tmp_path))
        assert (len(train), len(test)) == (8, 4)

    def test_a_file_named_test_is_a_source_like_any_other(self, tmp_path, encoded):
        paths = [write_parquet(tmp_path / f"x-{split}.parquet", encoded) for split in ("train", "test")]
        train, test = both(*paths)
        assert (len(train), len(test)) == (4, 4)
        assert open_dataset(paths[0])[1] is None

    def test_a_name_that_looks_like_a_pattern(self, tmp_path, encoded):
        assert len(open_images(write_parquet(tmp_path / "[ab]" / "x[1]*.parquet", encoded))) == 4

    def test_overwriting_is_seen(self, tmp_path, encoded, draw):
        path = write_parquet(tmp_path / "x.parquet", encoded)
        assert len(open_images(path)) == 4
        write_parquet(tmp_path / "x.parquet", encoded[2:])
        images = open_images(path)
        assert len(images) == 2
        assert (np.array(images.decode(0)) == np.array(draw(2))).all()

    def test_nothing_is_printed(self, tmp_path, encoded, capfd):
        open_images(write_parquet(tmp_path / "x.parquet", encoded))
        capfd.readouterr()
        os.utime(tmp_path / "x.parquet", (time.time(), 1))
        open_images(str(tmp_path / "x.parquet"))
        assert capfd.readouterr() == ("", "")


class TestTarShards:
    @pytest.fixture
    def shard(self, tmp_path, draw, encode):
        """A function that writes a shard of images and classes."""

        def written(name: str, labels: list[int], first: int = 0) -> str:
            path = tmp_path / name
            with tarfile.open(path, "w:gz" if name.endswith("gz") else "w") as tar:
                for i, label in enumerate(labels, first):
                    for ending, content in {"jpg": encode(draw(i), "JPEG"), "cls": f"{label}\n".encode()}.items():
                        member = tarfile.TarInfo(f"{i:04}.{ending}")
                        member.size = len(content)
                        tar.addfile(member, io.BytesIO(content))
            return str(path)

        return written

    @pytest.mark.parametrize("name", ["x.tar", "x.tar.gz", "x.tgz"])
    def test_one(self, shard, name, draw, encode):
        images = open_images(shard(name, [3, 7, 3]))
        assert classes(images) == ["3", "7", "3"]
        assert names(images) == ["0000.jpg", "0001.jpg", "0002.jpg"]
        expected = Image.open(io.BytesIO(encode(draw(1), "JPEG")))
        assert (np.array(images.decode(1)) == np.array(expected)).all()

    def test_a_folder_of_them_with_splits(self, shard, tmp_path):
        shard("train-0.tar", [0, 1])
        shard("train-1.tar", [1, 0], 2)
        shard("val-0.tar", [1], 4)
        train, test = both(str(tmp_path))
        assert classes(train) == ["0", "1", "1", "0"]
        assert classes(test) == ["1"]
        assert train.class_names == test.class_names

    def test_not_a_tar_file(self, tmp_path):
        (tmp_path / "x.tar").write_text("no archive")
        with pytest.raises(UsageError, match=r"cannot read '.*x\.tar'"):
            open_images(str(tmp_path / "x.tar"))


class TestHub:
    """With the download replaced by what it returns."""

    @pytest.fixture
    def hub(self, monkeypatch, draw):
        """A function that puts a dataset of the given splits on the hub."""

        def put(**splits: list[int]) -> None:
            features = Features({"image": ImageFeature(), "label": ClassLabel(names=["cat", "dog"])})
            made = DatasetDict()
            for name, given in splits.items():
                made[name] = Dataset.from_dict({"image": [draw(i) for i in given], "label": given}, features=features)
            monkeypatch.setattr(datasets, "load_dataset", lambda name: made)

        return put

    @pytest.mark.parametrize("held_out", ["test", "validation"])
    def test_splits(self, hub, held_out):
        hub(train=[0, 1, 1], **{held_out: [1]})
        train, test = both("hf:someone/pets")
        assert classes(train) == ["cat", "dog", "dog"]
        assert classes(test) == ["dog"]

    def test_no_test_split(self, hub):
        hub(train=[0, 1])
        assert open_dataset("hf:someone/pets")[1] is None

    def test_out_of_reach(self, monkeypatch):
        def unreachable(name: str) -> None:
            raise ConnectionError(f"Couldn't reach '{name}' on the Hub\nsecond line")

        monkeypatch.setattr(datasets, "load_dataset", unreachable)
        with pytest.raises(UsageError, match=r"^cannot read 'hf:pets': Couldn't reach 'pets' on the Hub$"):
            open_images("hf:pets")


class TestMistakes:
    """Each is told in one line that says what would be right."""

    def told(self, source: str, split: str = "train") -> str:
        with pytest.raises(UsageError) as error:
            open_images(source, split)
        assert "\n" not in str(error.value)
        return str(error.value)

    def test_no_such_folder(self, tmp_path):
        (tmp_path / "photos").mkdir()
        assert f"did you mean '{tmp_path}/photos'?" in self.told(str(tmp_path / "photo"))
        assert "supported: a folder" in self.told(str(tmp_path / "quite" / "elsewhere"))

    def test_misspelt_digits(self):
        assert "did you mean 'digits'?" in self.told("digit")

    def test_empty_folder(self, tmp_path):
        assert "is empty" in self.told(str(tmp_path))

    def test_folder_of_other_files(self, tmp_path):
        (tmp_path / "notes.txt").write_text("hello")
        assert "only other files (1 .txt)" in self.told(str(tmp_path))

    def test_text_named_png(self, tmp_path):
        (tmp_path / "photo.png").write_text("hello")
        assert "does not decode (first: photo.png: not an image)" in self.told(str(tmp_path))

    def test_unknown_type(self, tmp_path):
        (tmp_path / "x.csv").write_text("a,b\n")
        assert "supported: a folder of images, Parquet" in self.told(str(tmp_path / "x.csv"))

    def test_single_image(self, folder):
        assert "pass its folder" in self.told(str(folder([(8, 8)]) / "000.png"))

    def test_glob_without_a_match(self, tmp_path):
        assert "no file matches" in self.told(str(tmp_path / "*.parquet"))

    def test_parquet_without_images(self, tmp_path):
        pq.write_table(pa.table({"height": [1.0], "name": ["x"]}), tmp_path / "x.parquet")
        assert "no column of images; its columns are height, name" in self.told(str(tmp_path / "x.parquet"))

    def test_empty_parquet(self, tmp_path):
        assert "no data" in self.told(write_parquet(tmp_path / "x.parquet", []))

    @pytest.mark.parametrize("content", [b"", b"no Parquet", b"PAR1" + bytes(100) + b"PAR1"])
    def test_corrupt_parquet(self, tmp_path, content):
        (tmp_path / "x.parquet").write_bytes(content)
        assert "cannot read" in self.told(str(tmp_path / "x.parquet"))

    def test_corrupt_parquet_beyond_its_schema(self, tmp_path, draw, encode):
        path = write_parquet(tmp_path / "x.parquet", [encode(draw(i)) for i in range(20)])
        content = bytearray((tmp_path / "x.parquet").read_bytes())
        content[4:2000] = bytes(1996)
        (tmp_path / "x.parquet").write_bytes(content)
        assert "cannot read" in self.told(path)

    def test_files_of_different_columns(self, tmp_path, draw, encode):
        write_parquet(tmp_path / "a.parquet", [encode(draw(0))])
        pq.write_table(pa.table({"height": [1.0]}), tmp_path / "b.parquet")
        assert "cannot read" in self.told(str(tmp_path))

    @pytest.mark.parametrize("name", ["", "../x", "a/b/c", "/etc"])
    def test_no_name_on_the_hub(self, name):
        assert "is not a dataset name" in self.told(f"hf:{name}")

    def test_missing_split(self, folder):
        assert "has no test split" in self.told(str(folder([(8, 8)])), "test")


class TestRealData:
    def test_cifar10(self, real_data):
        path = real_data / "cifar10-test.parquet"
        images = open_images(str(path))
        table = pq.read_table(path)
        assert len(images) == 2000
        assert images.size == (32, 32)
        assert labels(images) == table["label"].to_pylist()
        assert images.class_names is not None
        assert images.class_names[:2] == ["airplane", "automobile"]
        assert images.name(0) == table["img"][0]["path"].as_py()
        expected = Image.open(io.BytesIO(table["img"][1234]["bytes"].as_py())).convert("RGB")
        assert (np.array(images.decode(1234)) == np.array(expected)).all()

    def test_tiny_imagenet_has_grey_images_and_fine_labels(self, real_data):
        images = open_images(str(real_data / "tiny_imagenet100-val.parquet"))
        packed = pack(images)
        grey = (packed == packed[:, :1]).flatten(1).all(1).sum()
        assert packed.shape == (1000, 3, 64, 64)
        assert 5 < grey < 50
        assert len(set(labels(images))) == 100
        assert not images.skipped

    def test_stl10(self, real_data):
        train, test = both(*(str(real_data / f"stl10_subset-{split}.parquet") for split in ("train", "test")))
        assert (len(train), len(test)) == (600, 200)
        assert train.size == test.size == (96, 96)
        assert train.class_names == test.class_names

    def test_photographs_of_all_sizes(self, real_data):
        images = open_images(str(real_data / "coco_mini_captions.parquet"))
        assert len(images) == 159
        assert images.size is None
        assert images.labels is None
