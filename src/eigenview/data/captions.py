"""The caption column of a table, and its texts."""

import unicodedata
from collections.abc import Sequence

import numpy as np
from datasets import Dataset, Features, LargeList, List, Value
from jaxtyping import Bool

from eigenview._errors import UsageError
from eigenview.data.columns import label_column

AUTO = "auto"
_CAPTIONS = ("captions", "caption", "txt")
_PERHAPS = ("text", "title", "description")


def caption_column(features: Features, wanted: str, source: str) -> str:
    """The column of captions: text, or lists of alternative captions.

    Args:
        features: the table's columns.
        wanted: name of the column, or `auto`: the first of `captions`, `caption`, `txt`, `text`, `title` and
            `description`.
        source: name of the table in errors.

    Raises:
        UsageError: there is no such column, or it does not hold text.
    """
    columns = f"its columns are {', '.join(features) or 'none'}"
    if wanted != AUTO:
        if wanted not in features:
            raise UsageError(f"'{source}' has no column '{wanted}' of captions; {columns}")
        if not _is_text(features[wanted]):
            raise UsageError(f"column '{wanted}' of '{source}' holds {_kind(features[wanted])}; captions must be text")
        return wanted
    named = [name for name in (*_CAPTIONS, *_PERHAPS) if name in features]
    found = next((name for name in named if _is_text(features[name])), None)
    if found is not None:
        return found
    if named:
        raise UsageError(f"column '{named[0]}' of '{source}' holds {_kind(features[named[0]])}; captions must be text")
    raise UsageError(f"'{source}' has no column of captions (set data.captions); {columns}")


def speak_for_themselves(features: Features) -> bool:
    """Whether a table has captioned images, by its column names.

    A column `text`, `title` or `description` counts only if there is no label column.
    """
    names = _CAPTIONS if label_column(features) else (*_CAPTIONS, *_PERHAPS)
    return any(name in features and _is_text(features[name]) for name in names)


def captions_of(table: Dataset, column: str) -> list[tuple[str, ...]]:
    """The captions of every row, without blank ones."""
    cells = table.data.column(column).to_pylist()
    return [_said(cell if isinstance(cell, list) else [cell]) for cell in cells]


def distinct_texts(captions: Sequence[tuple[str, ...]]) -> tuple[list[str], Bool[np.ndarray, "N T"]]:
    """The distinct texts of images, and a mask of which image has which text.

    Texts that a vocabulary encodes alike, because they differ only in case or Unicode normalization, count as one: the
    first of them.

    Args:
        captions: captions of each image.
    """
    read = [[unicodedata.normalize("NFC", text).lower() for text in said] for said in captions]
    texts: dict[str, str] = {}
    for keys, said in zip(read, captions, strict=True):
        for key, text in zip(keys, said, strict=True):
            texts.setdefault(key, text)
    places = {key: place for place, key in enumerate(texts)}
    whose = np.zeros((len(captions), len(texts)), bool)
    for i, keys in enumerate(read):
        whose[i, [places[key] for key in keys]] = True
    return list(texts.values()), whose


def _said(texts: list[str | None]) -> tuple[str, ...]:
    return tuple(text.strip() for text in texts if text and text.strip())


def _is_text(feature: object) -> bool:
    if isinstance(feature, List | LargeList):
        feature = feature.feature
    return isinstance(feature, Value) and feature.dtype in ("string", "large_string", "string_view")


def _kind(feature: object) -> str:
    if isinstance(feature, List | LargeList):
        return f"lists of {_kind(feature.feature)}"
    return str(feature.dtype) if isinstance(feature, Value) else type(feature).__name__
