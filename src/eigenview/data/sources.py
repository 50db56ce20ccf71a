"""Opens what a user names: `digits`, a folder, Parquet files, tar shards, or a dataset on the hub."""

import io
import os
import tarfile
from itertools import islice
from pathlib import Path

import numpy as np
from datasets import Dataset, Features, Value
from datasets import Image as ImageFeature
from PIL import Image

from eigenview._errors import UsageError
from eigenview.data.captions import caption_column, captions_of, speak_for_themselves
from eigenview.data.columns import aligned, image_column, label_column, labels_of
from eigenview.data.files import Files, class_folders, files_of, splits_of
from eigenview.data.images import Images
from eigenview.data.tables import from_hub, from_parquet, from_tar, parquet_features

_ENCODED = Features({"image": ImageFeature(decode=False)})


def open_images(source: str, split: str = "train", captions: str | None = None, label: str | None = None) -> Images:
    """The images of one split of a source.

    Args:
        source: `digits`, a folder of images, Parquet files or tar shards (a path, a glob or a folder), or `hf:NAME`.
        split: "train", "test" or "validation"; "test" takes the validation split where that is all there is. A source
            without splits is all "train".
        captions: the column of captions, `auto` for one of a customary name, or None for images alone. Images without
            a caption are then left out.
        label: the column of labels; by default one that looks like it.

    Raises:
        UsageError: there is no such source, split or column, or it holds no image that decodes.
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
        train: the source that is trained on, of which the training split is taken.
        test: the source that is tested on: its test split, or all of it where it has none. Without one the training
            source's own test or validation split is taken, if it has one.
        captions: of both, as in `open_images`.
        label: of both, as in `open_images`.

    Raises:
        UsageError: as in `open_images`, or the two have labels without a class in common, or are one.
    """
    training = open_images(train, "train", captions, label)
    testing = _open(test or train, "test", captions, label)
    if testing is None and test is not None:
        if Path(test).resolve() == Path(train).resolve():
            raise UsageError(f"'{test}' is what is trained on: test images are others; without any, leave them out")
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
    """Whether a source is one of captioned images, by the columns of its first file: quick, and without a network.

    A hub's dataset is not looked into, and what cannot be read is not said to be one.
    """
    if source == "digits" or source.startswith("hf:"):
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
    """The columns of a shard, as far as its first files tell: a file's ending, after the first dot, names one."""
    with tarfile.open(path) as shard:
        names = [os.path.basename(member.name) for member in islice(shard, 16)]
    return Features({name.partition(".")[2]: Value("string") for name in names})


def _open(source: str, split: str, captions: str | None, label: str | None) -> Images | None:
    if source == "digits":
        _no_columns("the digits have", captions, label)
        return _digits(split)
    if source.startswith("hf:"):
        return _from_table(from_hub(source.removeprefix("hf:"), split), source, captions, label)
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
    """Refuses to look for columns where there is no table."""
    wanted = [f"{key} '{name}'" for key, name in (("captions", captions), ("label", label)) if name]
    if wanted:
        raise UsageError(f"{what} no columns, so no data.{' and data.'.join(wanted)}: name a table, such as Parquet")


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


def _from_folder(files: Files, source: str) -> Images:
    # Not through the library's "imagefolder": it splits by words in file names (`a-test-1.png` in a class folder), then
    # leaves out every file without such a word, and needs a minute for 100,000 files.
    table = Dataset.from_dict({"image": [{"path": path, "bytes": None} for path in files.paths]}, features=_ENCODED)
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
    grey = np.round(pixels[kept].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    cells = [{"path": f"digit {row}", "bytes": _png(image)} for row, image in zip(kept, grey, strict=True)]
    table = Dataset.from_dict({"image": cells}, features=_ENCODED)
    return Images(table, "image", labels[kept].astype(np.int64), [str(digit) for digit in range(10)], "digits")


def _png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
