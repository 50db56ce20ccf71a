"""The files of a path, a glob or a folder, and their splits by name."""

import difflib
import glob
import os
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from eigenview._errors import UsageError
from eigenview.data.pixels import extensions

READ = (
    "a folder of images, Parquet files (.parquet), tar shards (.tar, .tar.gz, .tgz), 'digits', 'hf:NAME', "
    "or an import path 'module:function'"
)
_SPLIT_WORDS = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "eval": "validation",
}


@dataclass(frozen=True)
class Files:
    """Files of one kind below one folder.

    Attributes:
        kind: "images", "parquet" or "tar".
        root: folder that names are relative to; that of the split, if split folders exist.
        paths: all of them, sorted.
    """

    kind: str
    root: str
    paths: list[str]


def files_of(source: str) -> Files:
    """The files of `source`.

    Raises:
        UsageError: there are no files, or none of a known kind.
    """
    path = Path(source).expanduser()
    if path.is_dir():
        return _in_folder(path, source)
    if path.is_file():
        return _shards([str(path)], source)
    if glob.has_magic(source):
        return _shards(sorted(filter(os.path.isfile, glob.glob(str(path), recursive=True))), source)
    raise UsageError(f"no file or folder '{source}'{_near(path, source)}")


def splits_of(files: Files) -> dict[str, Files]:
    """The files of each split, by folders `train/`, `test/` or words in shards' names; without them all are "train".

    A folder or a shard may have "train" in its name for another reason, so that word counts only beside a test or a
    validation split, or if it covers all files.
    """
    by_split: dict[str | None, list[str]] = defaultdict(list)
    for path in files.paths:
        by_split[_split_word(files, path)].append(path)
    named = {split: paths for split, paths in by_split.items() if split}
    if "train" not in named or (len(named) == 1 and None in by_split):
        return {"train": files}
    return {split: Files(files.kind, _split_root(files, paths), paths) for split, paths in named.items()}


def class_folders(files: Files) -> list[str] | None:
    """The folder below the root of every image; None unless every image is in one and there are several."""
    parts = [Path(path).relative_to(files.root).parts for path in files.paths]
    folders = [part[0] for part in parts if len(part) > 1]
    return folders if len(folders) == len(parts) and len(set(folders)) > 1 else None


def _in_folder(folder: Path, source: str) -> Files:
    image_endings = extensions()
    by_kind: dict[str, list[str]] = defaultdict(list)
    others: Counter[str] = Counter()
    for path in _walk(str(folder), set()):
        ending = os.path.splitext(path)[1].lower()
        kind = "images" if ending in image_endings else _shard_kind(path)
        if kind:
            by_kind[kind].append(path)
        else:
            others[ending or "no ending"] += 1
    if by_kind:
        kind = max(("images", "parquet", "tar"), key=lambda kind: len(by_kind[kind]))
        return Files(kind, str(folder), by_kind[kind])
    if others:
        found = ", ".join(f"{count} {ending}" for ending, count in others.most_common(3))
        raise UsageError(f"the folder '{source}' holds no images, only other files ({found}); supported: {READ}")
    raise UsageError(f"the folder '{source}' is empty; supported: {READ}")


def _walk(folder: str, seen: set[str]) -> list[str]:
    """All files below a folder, sorted, without hidden ones; links are followed once."""
    if os.path.realpath(folder) in seen:
        return []
    seen.add(os.path.realpath(folder))
    found = []
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name.startswith((".", "__MACOSX")):
            continue
        found += _walk(entry.path, seen) if entry.is_dir() else [entry.path]
    return found


def _shards(paths: list[str], source: str) -> Files:
    if not paths:
        raise UsageError(f"no file matches '{source}'")
    kinds = {_shard_kind(path) for path in paths}
    if kinds == {"parquet"} or kinds == {"tar"}:
        return Files(str(kinds.pop()), os.path.commonpath([os.path.dirname(path) or "." for path in paths]), paths)
    odd = next(path for path in paths if _shard_kind(path) is None or len(kinds) > 1)
    if os.path.splitext(odd)[1].lower() in extensions():
        raise UsageError(f"'{odd}' is a single image: pass its folder")
    raise UsageError(f"cannot read '{odd}'; supported: {READ}")


def _shard_kind(path: str) -> str | None:
    name = os.path.basename(path).lower()
    if name.endswith((".parquet", ".pq")):
        return "parquet"
    return "tar" if name.endswith((".tar", ".tar.gz", ".tgz")) else None


def _split_word(files: Files, path: str) -> str | None:
    *folders, name = os.path.relpath(path, files.root).split(os.sep)
    words = folders[:1] if files.kind == "images" else folders[:1] + re.split(r"[-_.]", name)
    return next((_SPLIT_WORDS[word.lower()] for word in words if word.lower() in _SPLIT_WORDS), None)


def _split_root(files: Files, paths: list[str]) -> str:
    """The folder of a split for images, so that its subfolders are the classes."""
    if files.kind != "images":
        return files.root
    first = os.path.relpath(paths[0], files.root).split(os.sep)[0]
    return os.path.join(files.root, first)


def _near(path: Path, source: str) -> str:
    """A hint with the most similar existing name."""
    known = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    if os.sep not in source:
        known.append("digits")
    close = difflib.get_close_matches(path.name, known, n=1)
    if not close:
        return f"; supported: {READ}"
    return f"; did you mean '{os.path.join(os.path.dirname(source), close[0])}'?"
