"""The image and label columns of a table, and its labels."""

import numpy as np
from datasets import ClassLabel, Dataset, Features, Image, Value
from jaxtyping import Int64

from eigenview._errors import UsageError

_IMAGE_NAMES = ("image", "img")
_LABEL_NAMES = ("fine_label", "label", "labels", "class", "cls", "target", "category")
_WHOLE_OR_TEXT = ("int", "uint", "bool", "string", "large_string")


def image_column(features: Features, source: str) -> str:
    """The column of images: an image feature, structs `{bytes, path}`, or bytes.

    Raises:
        UsageError: there is no such column.
    """
    for is_image in (_is_image, _is_struct, _is_bytes):
        found = [name for name, feature in features.items() if is_image(feature)]
        if found:
            return next((name for name in _IMAGE_NAMES if name in found), found[0])
    raise UsageError(
        f"'{source}' has no column of images; its columns are {', '.join(features) or 'none'}; "
        "images must be bytes or structs {bytes, path}, not paths or links as text"
    )


def label_column(features: Features, wanted: str | None = None, source: str = "the source") -> str | None:
    """The column of labels: the wanted one, else the finest class feature, else one with a usual name.

    Raises:
        UsageError: the wanted column does not exist, or holds neither integers nor text.
    """
    if wanted is not None:
        if wanted not in features:
            raise UsageError(
                f"'{source}' has no column '{wanted}' of labels; its columns are {', '.join(features) or 'none'}"
            )
        if not isinstance(features[wanted], ClassLabel) and not _is_whole_or_text(features[wanted]):
            raise UsageError(f"the column '{wanted}' of '{source}' does not hold labels, which are integers or text")
        return wanted
    classes = [name for name, feature in features.items() if isinstance(feature, ClassLabel)]
    if classes:
        return min(classes, key=_coarseness)
    return next((name for name in _LABEL_NAMES if name in features and _is_whole_or_text(features[name])), None)


def labels_of(table: Dataset, column: str | None) -> tuple[Int64[np.ndarray, "N"] | None, list[str] | None]:
    """Labels 0..C-1 and the names of the C classes; None for both unless every row is labeled."""
    if column is None:
        return None, None
    values = table.data.column(column).to_pylist()
    feature = table.features[column]
    if isinstance(feature, ClassLabel):
        if any(value is None or value < 0 for value in values):  # -1 is the hub's "not labelled"
            return None, None
        return np.array(values, dtype=np.int64), list(feature.names)
    if any(value is None for value in values) or not values:
        return None, None
    found, labels = np.unique(values, return_inverse=True)
    return labels.astype(np.int64), [str(value) for value in found.tolist()]


def aligned(
    labels: Int64[np.ndarray, "N"], names: list[str], reference: list[str], source: str
) -> tuple[Int64[np.ndarray, "N"], list[str]]:
    """Labels renumbered to those of the reference; classes that the reference lacks follow its own.

    Raises:
        UsageError: the two have no class in common.
    """
    if not set(names) & set(reference):
        raise UsageError(
            f"'{source}' shares no class with the training images: its first is '{names[0]}', theirs '{reference[0]}'"
        )
    joint = reference + [name for name in names if name not in reference]
    return np.array([joint.index(name) for name in names], dtype=np.int64)[labels], joint


def _is_image(feature: object) -> bool:
    return isinstance(feature, Image)


def _is_struct(feature: object) -> bool:
    return isinstance(feature, dict) and {"bytes", "path"} <= set(feature)


def _is_bytes(feature: object) -> bool:
    return isinstance(feature, Value) and feature.dtype in ("binary", "large_binary")


def _is_whole_or_text(feature: object) -> bool:
    return isinstance(feature, Value) and feature.dtype.startswith(_WHOLE_OR_TEXT)


def _coarseness(name: str) -> tuple[bool, int]:
    rank = _LABEL_NAMES.index(name) if name in _LABEL_NAMES else len(_LABEL_NAMES)
    return ("coarse" in name or "super" in name, rank)
