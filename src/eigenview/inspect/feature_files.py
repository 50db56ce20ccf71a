"""Features that anyone has saved, as a cloud of rows or of views."""

from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview._errors import UsageError
from eigenview.inspect.arrays import Arrays, Unread, open_arrays, read_safely

_CUSTOMARY = ("features", "embeddings")
_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Features:
    """Features from a file.

    Args:
        rows: a row a sample, or views first; mapped from the file where its format allows.
        name: of the array within the file; the file's own where it holds one.
    """

    rows: Float[Tensor, "N D"] | Float[Tensor, "K P D"]
    name: str


def read_features(path: str | Path) -> Features:
    """The features in a file, which nothing in it can make run code.

    Of several arrays it takes `features`, else `embeddings`, else the only one that could be either.

    Args:
        path: `.npy`, `.npz`, `.safetensors`, `.pt` or `.pth` (a tensor, or a dict of tensors), or `.parquet` (a column
            of lists), such as `eigenview embed` writes.

    Raises:
        UsageError: no such file, one that is damaged or made to run code, or no finite features [N, D] or [K, P, D] of
            at least two samples in it.
    """
    path = Path(path)
    arrays = open_arrays(path)
    name = _chosen(path, arrays)
    rows = read_safely(path, arrays[name].read)
    _check_shape(path, rows)
    _check_finite(path, rows)
    return Features(rows, name)


def _chosen(path: Path, arrays: Arrays) -> str:
    """Which of a file's arrays are the features."""
    for name in _CUSTOMARY:
        if name in arrays:
            _check_kind(path, arrays[name])
            return name
    fitting = [name for name, array in arrays.items() if array.floating and array.axes in (2, 3)]
    if len(fitting) == 1:
        return fitting[0]
    if len(arrays) == 1:
        (name, only), *_ = arrays.items()
        _check_kind(path, only)
        return name
    if not fitting:
        found = _listed([f"{name} ({array.kind})" for name, array in arrays.items()])
        raise UsageError(f"{path} has no array of floating numbers [N, D] or [K, P, D]; it holds {found}")
    raise UsageError(
        f"{path} holds several arrays that could be the features: {_listed(fitting)}; "
        "name one of them 'features', or save it alone"
    )


def _listed(names: list[str], most: int = 8) -> str:
    """Names, of many the first, so that a line stays one."""
    more = [f"and {len(names) - most} more"] if len(names) > most else []
    return ", ".join(names[:most] + more) or "nothing"


def _check_kind(path: Path, array: Unread) -> None:
    if array.floating:
        return
    if array.kind == "object":
        raise UsageError(f"{path} holds pickled Python objects, which could run code, and was not read")
    labels = "; these look like labels" if "int" in array.kind else ""
    raise UsageError(f"{path} holds {array.kind}, and features are floating numbers{labels}")


def _check_shape(path: Path, rows: Tensor) -> None:
    shape = " × ".join(map(str, rows.shape)) or "a single number"
    if rows.ndim not in (2, 3):
        raise UsageError(f"{path}: features must be [N, D], or [K, P, D] with views first, not {shape}")
    if not rows.numel():
        raise UsageError(f"{path} has no features in it: its shape is {shape}")
    if rows.shape[-2] < 2:
        raise UsageError(f"{path} has one sample ({shape}); at least two are needed to measure how they differ")


def _check_finite(path: Path, rows: Tensor) -> None:
    """Counts the rows that are not finite, some at a time."""
    flat = rows.flatten(0, -2)
    step = max(1, _BYTES // (flat.shape[1] * flat.itemsize))
    bad = torch.cat([~torch.isfinite(flat[i : i + step]).all(1) for i in range(0, len(flat), step)])
    count = int(bad.sum())
    if count:
        first = int(bad.int().argmax())
        which = f"row {first}" if rows.ndim == 2 else f"view {first // rows.shape[1]} of sample {first % rows.shape[1]}"
        rows_ = "1 row has" if count == 1 else f"{count:,} of {len(flat):,} rows have"
        raise UsageError(f"{path}: {rows_} NaN or infinite values, the first is {which}")
