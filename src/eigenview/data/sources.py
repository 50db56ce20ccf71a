"""Opens a data source: `digits`, a folder, Parquet files, tar shards, a dataset on the hub, or an import path."""

import os
import tarfile
from itertools import islice
from pathlib import Path

import numpy as np
from datasets import Dataset, Features, Value
from datasets import Image as ImageFeature

from eigenview._errors import UsageError
from eigenview.data.captions import caption_column, captions_of, speak_for_themselves
from eigenview.data.columns import aligned, image_column, label_column, labels_of
from eigenview.data.custom import ENCODED, encoded_table, from_import_path, is_import_path
from eigenview.data.files import Files, class_folders, files_of, splits_of
from eigenview.data.images import Images
from eigenview.data.tables import from_hub, from_parquet, from_tar, parquet_features


def open_images(source: str, split: str = "train", captions: str | None = None, label: str | None = None) -> Images:
    """The images of one split of a source.

    Args:
        source: `digits`, a folder of images, Parquet files or tar shards (a path, a glob or a folder), `hf:NAME`, or an
            import path `module:function` (see `from_import_path`).
        split: "train", "test" or "validation"; "test" takes the validation split if there is no other. A source without
            splits is all "train".
        captions: column of captions, `auto` for one with a usual name, or None for images alone. Images without a
            caption are then left out.
        label: column of labels; by default one with a usual name.

    Raises:
        UsageError: the source, split or column does not exist, or no image decodes.
    """
    images = _open(source, split, captions, label)
    if images is None:
        raise UsageError(f"'{source}' has no {split} split")
    return images


def open_dataset(
    train: str, test: str | None = None, captions: str | None = None, label: str | None = None
) -> tuple[Images, Images | None]:
    """Training images, and test images whose labels mean the same.

    Args:
        train: source of the training images, of which the training split is used.
        test: source of the test images: its test split, or all of it if it has none. By default, the test or validation
            split of the training source, if it has one.
        captions: as in `open_images`, for both.
        label: as in `open_images`, for both.

    Raises:
        UsageError: as in `open_images`, or the two sources are the same or have no class in common.
    """
    training = open_images(train, "train", captions, label)
    testing = _open(test or train, "test", captions, label)
    if testing is None and test is not None:
        if Path(test).resolve() == Path(train).resolve():
            raise UsageError(f"--test '{test}' is the training source; give a different one or omit --test")
        testing = open_images(test, "train", captions, label)
    if testing is not None:
        _align(training, testing, test or train)
    return training, testing


def _align(training: Images, testing: Images, source: str) -> None:
    if training.class_names is None or testing.class_names is None or testing.labels is None:
        return
    if training.class_names != testing.class_names:
        testing.labels, names = aligned(testing.labels, testing.class_names, training.class_names, source)
        training.class_names = testing.class_names = names


def are_captioned(source: str) -> bool:
    """Whether a source has captioned images, by the columns of its first file: quick, and without a network.

    False for a dataset on the hub, an import path, and files that cannot be read.
    """
    if source == "digits" or source.startswith("hf:") or is_import_path(source):
        return False
    try:
        files = _of_split(splits_of(files_of(source)), "train")
        if files is None or files.kind == "images":
            return False
        path = files.paths[0]
        return speak_for_themselves(parquet_features(path) if files.kind == "parquet" else _tar_features(path))
    except (UsageError, OSError, tarfile.TarError):
        return False


def _tar_features(path: str) -> Features:
    """The columns of a shard, by its first files: the ending of a file, after the first dot, is a column's name."""
    with tarfile.open(path) as shard:
        names = [os.path.basename(member.name) for member in islice(shard, 16)]
    return Features({name.partition(".")[2]: Value("string") for name in names})


def _open(source: str, split: str, captions: str | None, label: str | None) -> Images | None:
    if source == "digits":
        _no_columns("the digits have", captions, label)
        return _digits(split)
    if source.startswith("hf:"):
        return _from_table(from_hub(source.removeprefix("hf:"), split), source, captions, label)
    if is_import_path(source):
        return _from_function(source, split, captions, label)
    files = _of_split(splits_of(files_of(source)), split)
    if files is None:
        return None
    if files.kind == "images":
        _no_columns(f"'{source}' is a folder of images, and has", captions, label)
        return _from_folder(files, source)
    if files.kind == "parquet":
        return _from_table(from_parquet(files.paths, source, captions, label), source, captions, label)
    return _from_table(from_tar(files.paths, source), source, captions, label)


def _no_columns(what: str, captions: str | None, label: str | None) -> None:
    """Refuses column names for a source that is not a table."""
    wanted = [f"{key} '{name}'" for key, name in (("captions", captions), ("label", label)) if name]
    if wanted:
        raise UsageError(f"{what} no columns, so no data.{' and data.'.join(wanted)}: use a table, such as Parquet")


def _of_split(splits: dict[str, Files], split: str) -> Files | None:
    return splits.get(split) or (splits.get("validation") if split == "test" else None)


def _from_table(table: Dataset | None, source: str, captions: str | None, label: str | None) -> Images | None:
    if table is None:
        return None
    column = image_column(table.features, source)
    labels, names = labels_of(table, label_column(table.features, label, source))
    said = captions_of(table, caption_column(table.features, captions, source)) if captions else None
    encoded = table.cast_column(column, ImageFeature(decode=False))
    return Images(encoded, column, labels, names, source, captions=said)


def _from_function(source: str, split: str, captions: str | None, label: str | None) -> Images | None:
    found = from_import_path(source, split)
    if found is None or isinstance(found, Dataset):
        return _from_table(found, source, captions, label)
    _no_columns(f"'{source}' returns arrays, and has", captions, label)
    images, labels = found
    names = None if labels is None or not len(labels) else [str(label) for label in range(int(labels.max()) + 1)]
    table = encoded_table(images, (f"image {row}" for row in range(len(images))))
    return Images(table, "image", labels, names, source)


def _from_folder(files: Files, source: str) -> Images:
    # Not through the library's "imagefolder": it splits by words in file names (`a-test-1.png` in a class folder), then
    # drops every file without such a word, and needs a minute for 100,000 files.
    table = Dataset.from_dict({"image": [{"path": path, "bytes": None} for path in files.paths]}, features=ENCODED)
    folders = class_folders(files)
    if folders is None:
        return Images(table, "image", source=source, root=files.root)
    names, labels = np.unique(folders, return_inverse=True)
    return Images(table, "image", labels.astype(np.int64), names.tolist(), source, files.root)


def _digits(split: str) -> Images | None:
    """The 1,797 digits of 8×8 that ship with scikit-learn, 360 of them for testing, in a fixed stratified split."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    if split not in ("train", "test"):
        return None
    pixels, labels = (np.asarray(array) for array in load_digits(return_X_y=True))
    rows = train_test_split(np.arange(len(labels)), test_size=360, random_state=0, stratify=labels)
    kept = np.sort(rows[0] if split == "train" else rows[1])
    gray = np.round(pixels[kept].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    table = encoded_table(gray, (f"digit {row}" for row in kept))
    return Images(table, "image", labels[kept].astype(np.int64), [str(digit) for digit in range(10)], "digits")
