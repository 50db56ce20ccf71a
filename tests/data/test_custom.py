"""A data source from outside the package, named by an import path, is opened as any other."""

import textwrap

import numpy as np
import pytest
from PIL import Image

from eigenview._errors import UsageError
from eigenview.data import are_captioned, open_dataset, open_images, pack

SOURCE = """
import numpy as np
from datasets import Dataset

images = np.random.default_rng(0).integers(0, 256, (6, 8, 10, 3)).astype(np.uint8)

def pairs(split):
    half = {"train": slice(0, 4), "test": slice(4, 6)}
    return (images[half[split]], np.arange(6)[half[split]] % 2) if split in half else None

def plain(split):
    return images if split == "train" else None

def gray(split):
    return images[..., :1] if split == "train" else None

def validated(split):
    return images[:4] if split == "train" else images[4:] if split == "validation" else None

def table(split):
    import io
    from PIL import Image
    def encoded(pixels):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        return {"bytes": buffer.getvalue(), "path": None}
    cells = [encoded(each) for each in images]
    return Dataset.from_dict({"image": cells, "caption": list("abcdef"), "label": list("xxyyzz")})

def floats(split):
    return images / 255

def odd(split):
    return [1, 2, 3]

def mismatched(split):
    return images, np.arange(5)

def fails(split):
    raise RuntimeError("no disk\\nat all")

def empty(split):
    return images[:0]
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a module of data sources outside the package, and returns a function from their names to import paths."""
    name = f"sources_of_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(textwrap.dedent(SOURCE))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return lambda function: f"{name}:{function}"


def expected():
    return np.random.default_rng(0).integers(0, 256, (6, 8, 10, 3)).astype(np.uint8)


def pixels(images):
    return pack(images).permute(0, 2, 3, 1).numpy()


def test_images_and_labels_of_each_split(module):
    train, test = open_dataset(module("pairs"))
    assert test is not None
    np.testing.assert_array_equal(pixels(train), expected()[:4])
    np.testing.assert_array_equal(pixels(test), expected()[4:])
    assert train.labels is not None
    assert train.labels.tolist() == [0, 1, 0, 1]
    assert train.class_names == test.class_names == ["0", "1"]
    assert train.name(2) == "image 2"


def test_images_alone_have_no_labels_and_no_test_split(module):
    train, test = open_dataset(module("plain"))
    assert test is None
    assert train.labels is None
    assert train.size == (8, 10)
    with pytest.raises(UsageError, match="has no test split"):
        open_images(module("plain"), "test")


def test_gray_images_become_rgb(module):
    np.testing.assert_array_equal(pixels(open_images(module("gray"))), expected()[..., [0, 0, 0]])


def test_a_validation_split_is_tested_on_where_there_is_no_other(module):
    np.testing.assert_array_equal(pixels(open_images(module("validated"), "test")), expected()[4:])


def test_a_table_has_captions_and_labels(module):
    images = open_images(module("table"), captions="auto")
    np.testing.assert_array_equal(pixels(images), expected())
    assert images.captions == [(letter,) for letter in "abcdef"]
    assert images.class_names == ["x", "y", "z"]


def test_it_is_not_imported_to_guess_whether_it_has_captions():
    assert not are_captioned("no_such_package.data:load")


def test_a_folder_of_that_name_takes_precedence(module, tmp_path):
    folder = tmp_path / "some:photos"
    folder.mkdir()
    Image.new("RGB", (5, 7)).save(folder / "a.png")
    assert open_images("some:photos").size == (7, 5)


@pytest.mark.parametrize("path", ["C:photos", r"C:\photos", "C:/photos", "a/b:c", "photos:"])
def test_a_path_is_not_taken_for_an_import_path(path):
    with pytest.raises(UsageError, match=r"^no file or folder '"):
        open_images(path)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("nosuch", "module 'sources_of_[^']*' has no 'nosuch'"),
        ("floats", r"must return uint8 images \[N, H, W, 3\], not float64 \[6, 8, 10, 3\]"),
        ("odd", r"must return a datasets.Dataset, uint8 images [^\n]*; it returned a list"),
        ("mismatched", r"must return 6 integer labels of at least 0, not int64 \[5\]"),
        ("fails", "failed: RuntimeError: no disk"),
    ],
)
def test_what_does_not_return_images_is_told_in_one_line(module, function, message):
    with pytest.raises(UsageError, match=rf"^data source '{module(function)}'[^\n]*{message}$"):
        open_images(module(function))


def test_no_images_are_told(module):
    with pytest.raises(UsageError, match="holds no images"):
        open_images(module("empty"))


def test_columns_of_arrays_are_refused(module):
    with pytest.raises(UsageError, match=r"returns arrays, and has no columns, so no data\.captions 'auto'"):
        open_images(module("plain"), captions="auto")


def test_a_module_that_is_missing_is_told_in_one_line():
    with pytest.raises(UsageError, match=r"^data source 'no_such_package:f' cannot be imported: [^\n]*$"):
        open_images("no_such_package:f")
