"""Features from files: one row per sample, or views of samples."""

from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from eigenview._errors import UsageError
from eigenview.inspect.read_arrays import Arrays, LazyArray, open_arrays, read_safely

_CUSTOMARY = ("features", "embeddings")
_BYTES = 64 * 2**20  # to check for finite values at a time


@dataclass(frozen=True)
class Features:
    """Features from a file.

    Args:
        rows: one row per sample, or views first; mapped from the file where its format allows.
        name: the array's name in the file, or the file's own name if its format has none for arrays.
    """

    rows: Float[Tensor, "N D"] | Float[Tensor, "K P D"]
    name: str


def read_features(path: str | Path) -> Features:
    """Reads the features in a file. No code in the file is run.

    Of several arrays, `features` is taken, else `embeddings`, else the only array that has a fitting shape and type.

    Args:
        path: `.npy`, `.npz`, `.safetensors`, `.pt` or `.pth` (a tensor, or a dict of tensors), or `.parquet` (a column
            of lists), such as `eigenview embed` writes.

    Raises:
        UsageError: a file that does not exist, is damaged, holds code, or holds no finite features [N, D] or [K, P, D]
            of at least two samples.
    """
    path = Path(path)
    arrays = open_arrays(path)
    name = _chosen(path, arrays)
    rows = read_safely(path, arrays[name].read)
    _check_shape(path, rows)
    _check_finite(path, rows)
    return Features(rows, name)


def _chosen(path: Path, arrays: Arrays) -> str:
    """The name of the array that holds the features."""
    for name in _CUSTOMARY:
        if name in arrays:
            _check_kind(path, arrays[name])
            return name
    fitting = [name for name, array in arrays.items() if array.floating and array.ndim in (2, 3)]
    if len(fitting) == 1:
        return fitting[0]
    if len(arrays) == 1:
        (name, only), *_ = arrays.items()
        _check_kind(path, only)
        return name
    if not fitting:
        found = _listed([f"{name} ({array.dtype})" for name, array in arrays.items()])
        raise UsageError(f"{path} has no array of floating-point numbers [N, D] or [K, P, D]; it holds {found}")
    raise UsageError(
        f"{path} holds several arrays that could be the features: {_listed(fitting)}; "
        "name one of them 'features', or save only that one"
    )


def _listed(names: list[str], most: int = 8) -> str:
    """Names in a line; of many, the first."""
    more = [f"and {len(names) - most} more"] if len(names) > most else []
    return ", ".join(names[:most] + more) or "nothing"


def _check_kind(path: Path, array: LazyArray) -> None:
    if array.floating:
        return
    if array.dtype == "object":
        raise UsageError(f"{path} was not read: it holds pickled Python objects, which could run code")
    labels = "; these look like labels" if "int" in array.dtype else ""
    raise UsageError(f"{path} holds {array.dtype} values, but features are floating-point numbers{labels}")


def _check_shape(path: Path, rows: Tensor) -> None:
    shape = " × ".join(map(str, rows.shape)) or "a single number"
    if rows.ndim not in (2, 3):
        raise UsageError(f"{path}: features must be [N, D], or [K, P, D] with views first, not {shape}")
    if not rows.numel():
        raise UsageError(f"{path} holds no features: the shape of its array is {shape}")
    if rows.shape[-2] < 2:
        raise UsageError(f"{path} has one sample ({shape}); measures need at least two")


def _check_finite(path: Path, rows: Tensor) -> None:
    """Counts the rows that are not finite, in chunks that fit into memory."""
    flat = rows.flatten(0, -2)
    step = max(1, _BYTES // (flat.shape[1] * flat.itemsize))
    bad = torch.cat([~torch.isfinite(flat[i : i + step]).all(1) for i in range(0, len(flat), step)])
    count = int(bad.sum())
    if count:
        first = int(bad.int().argmax())
        which = f"row {first}" if rows.ndim == 2 else f"view {first // rows.shape[1]} of sample {first % rows.shape[1]}"
        rows_ = "1 row has" if count == 1 else f"{count:,} of {len(flat):,} rows have"
        raise UsageError(f"{path}: {rows_} NaN or infinite values, the first is {which}")
