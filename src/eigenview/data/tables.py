"""Tables that the `datasets` library reads and memory-maps: Parquet, tar shards, the hub."""

import glob
import logging
import os
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import datasets
import pyarrow
import pyarrow.parquet
from datasets import Dataset, DatasetDict, Features
from datasets.exceptions import DatasetsError
from huggingface_hub.utils import logging as hub_logging

from eigenview._errors import UsageError
from eigenview.data.captions import caption_column
from eigenview.data.columns import image_column, label_column

_EXPECTED = (DatasetsError, pyarrow.ArrowException, tarfile.TarError, OSError, ValueError, NotImplementedError)
_TEST_SPLITS = ("test", "validation", "valid", "val", "dev")


def from_parquet(paths: list[str], source: str, captions: str | None = None, label: str | None = None) -> Dataset:
    """The image, label and, if wanted, caption columns of all files.

    Args:
        paths: of the files.
        source: name of the source in errors.
        captions: column of captions, or `auto`; None for images alone.
        label: column of labels; by default one with a usual name.

    Raises:
        UsageError: a file is damaged or has no such columns, or the files have different columns.
    """
    features = parquet_features(paths[0])
    columns = [image_column(features, source), label_column(features, label, source)]
    columns += [caption_column(features, captions, source)] if captions else []
    return _load("parquet", paths, source, columns=list(dict.fromkeys(filter(None, columns))))


def from_tar(paths: list[str], source: str) -> Dataset:
    """All samples of WebDataset shards, in which the files `7.jpg` and `7.cls` make one row.

    Raises:
        UsageError: a shard is damaged, or its samples do not all have the same endings.
    """
    return _load("webdataset", paths, source)


def from_hub(name: str, split: str) -> Dataset | None:
    """One split of a dataset on the hub, or in the hub's cache; None if it has no such split.

    Raises:
        UsageError: the dataset is unknown, or neither cached nor reachable.
    """
    if not re.fullmatch(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", name):
        raise UsageError(
            f"'hf:{name}' is not a dataset name: write hf:NAME, such as hf:cifar10 or hf:zh-plus/tiny-imagenet"
        )
    with _quiet(), _told(f"'hf:{name}'"):
        found = datasets.load_dataset(name)
    assert isinstance(found, DatasetDict)
    wanted = _TEST_SPLITS if split == "test" else (split,)
    return next((found[key] for key in wanted if key in found), None)


def parquet_features(path: str) -> Features:
    """The columns of a Parquet file.

    Raises:
        UsageError: it is damaged.
    """
    with _told(f"'{path}'"):
        return Features.from_arrow_schema(pyarrow.parquet.read_schema(path))


def _load(builder: str, paths: list[str], source: str, **config: Any) -> Dataset:
    # The library treats every path as a pattern. Its cache is keyed by the files' paths and modification times.
    files = [glob.escape(os.path.abspath(path)) for path in paths]
    with _quiet(), _told(f"'{source}'"):
        table = datasets.load_dataset(builder, data_files={"train": files}, split="train", **config)
    assert isinstance(table, Dataset)
    return table


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Turns errors of the libraries about files, names and networks into one line."""
    try:
        yield
    except _EXPECTED as error:
        cause = error
        while cause.__cause__ is not None:  # the library's own says only that generating failed
            cause = cause.__cause__
        reason = str(cause).strip().splitlines()
        raise UsageError(f"cannot read {what}: {reason[0] if reason else type(cause).__name__}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps the library's progress bars and log lines off the screen."""
    bars, loud = datasets.is_progress_bar_enabled(), datasets.logging.get_verbosity()
    hub_loud = hub_logging.get_verbosity()
    datasets.disable_progress_bars()
    datasets.logging.set_verbosity(logging.CRITICAL)
    hub_logging.set_verbosity(logging.CRITICAL)
    try:
        yield
    finally:
        datasets.logging.set_verbosity(loud)
        hub_logging.set_verbosity(hub_loud)
        if bars:
            datasets.enable_progress_bars()
