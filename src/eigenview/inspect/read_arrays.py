"""Arrays in a user's files by name: read when asked for, mapped from disk where possible, never running code."""

import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch
from safetensors import safe_open
from torch import Tensor

from eigenview._errors import UsageError

Arrays = Mapping[str, "LazyArray"]
_ROWS = 4096


@dataclass(frozen=True)
class LazyArray:
    """An array that is read when it is asked for.

    Args:
        dtype: its number format, as a person reads it.
        floating: whether its numbers are floating-point.
        ndim: its number of axes; None where only reading it tells.
        read: reads it.
    """

    dtype: str
    floating: bool
    ndim: int | None
    read: Callable[[], Tensor]


def open_arrays(path: Path) -> Arrays:
    """The arrays in a file by name, without reading them.

    Args:
        path: `.npy`, `.npz`, `.safetensors`, `.parquet`, `.pt` or `.pth`.

    Raises:
        UsageError: a file that does not exist, is of another type, is damaged, or holds code.
    """
    if not path.exists():
        raise UsageError(f"{path} does not exist: pass a file of features or a run directory")
    if path.is_dir():
        raise UsageError(f"{path} is neither a file of features nor a run: the directory has no recipe.yaml")
    if path.suffix.lower() not in _OPENERS:
        raise UsageError(f"{path} is not a file of features: the extension must be one of {', '.join(_OPENERS)}")
    if not path.stat().st_size:
        raise UsageError(f"{path} is empty")
    return read_safely(path, lambda: _OPENERS[path.suffix.lower()](path))


def read_safely(path: Path, read: Callable[[], Any]) -> Any:
    """Calls `read` and turns its failures into an error of one line.

    Args:
        path: the file that `read` reads.
        read: called without arguments; its result is returned.

    Raises:
        UsageError: `read` failed.
    """
    try:
        return read()
    except UsageError:
        raise
    except Exception as error:  # numpy, torch, pyarrow and safetensors each raise errors of their own
        reason = (str(error).strip().splitlines() or [""])[0]
        what = f"{type(error).__name__}: {reason}"
        raise UsageError(
            f"cannot read {path}: it is damaged, or its content does not match its extension ({what})"
        ) from error


def _from_numpy(array: np.ndarray) -> Tensor:
    """Shares the array's memory where torch knows its number format in this machine's byte order."""
    native = array.dtype.newbyteorder("=")
    if native.itemsize > 8:
        native = np.dtype(np.float64)
    return torch.from_numpy(array.astype(native, copy=False))


def _lazy_numpy(array: np.ndarray) -> LazyArray:
    return LazyArray(array.dtype.name, array.dtype.kind == "f", array.ndim, lambda: _from_numpy(array))


def _refuse_objects(path: Path, dtype: np.dtype) -> None:
    if dtype.hasobject:
        raise UsageError(
            f"{path} was not read: it holds pickled Python objects, which could run code; "
            "save an array of floating-point numbers"
        )


def _header(file: Any) -> tuple[tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    return shape, dtype


def _open_npy(path: Path) -> Arrays:
    with path.open("rb") as file:
        shape, dtype = _header(file)
    _refuse_objects(path, dtype)
    if 0 in shape:  # nothing that could be mapped
        return {path.stem: _lazy_numpy(np.empty(shape, dtype))}
    # "c" is copy-on-write: torch gets memory that it may write to, and the file stays as it is.
    return {path.stem: _lazy_numpy(np.load(path, mmap_mode="c", allow_pickle=False))}


def _open_npz(path: Path) -> Arrays:
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".npy")]
        for name in names:
            with archive.open(name) as file:
                shape, dtype = _header(file)
            key = name.removesuffix(".npy")
            kind, floating = ("object", False) if dtype.hasobject else (dtype.name, dtype.kind == "f")
            arrays[key] = LazyArray(kind, floating, len(shape), lambda key=key: _from_npz(path, key))
    return arrays


def _from_npz(path: Path, key: str) -> Tensor:
    with np.load(path, allow_pickle=False) as archive:
        return _from_numpy(archive[key])


def _lazy_tensor(tensor: Tensor) -> LazyArray:
    kind = str(tensor.dtype).removeprefix("torch.")
    return LazyArray(kind, tensor.is_floating_point() and tensor.itemsize > 1, tensor.ndim, lambda: tensor)


def _open_safetensors(path: Path) -> Arrays:
    with safe_open(path, framework="pt") as file:
        return {name: _lazy_tensor(file.get_tensor(name)) for name in sorted(file.keys())}


def _open_pt(path: Path) -> Arrays:
    mapped = zipfile.is_zipfile(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pickles that it then refuses
            content = torch.load(path, weights_only=True, map_location="cpu", mmap=mapped)
    except Exception as error:
        if "Weights only load failed" not in str(error):
            raise
        # It may hold something that could run code, or its bytes may not be a pickle at all.
        raise UsageError(
            f"{path} was not read: it is damaged, or holds pickled objects, which could run code; "
            "save a tensor or a dict of tensors"
        ) from error
    if isinstance(content, Tensor):
        return {path.stem: _lazy_tensor(content)}
    named = content if isinstance(content, Mapping) else {}
    return {str(name): _lazy_tensor(value) for name, value in named.items() if isinstance(value, Tensor)}


def _open_parquet(path: Path) -> Arrays:
    arrays = {}
    for field in pq.read_schema(path):
        kind = field.type
        is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
        of = kind.value_type if is_list else kind
        floating = is_list and pa.types.is_floating(of)
        axes = 2 if is_list and not pa.types.is_nested(of) else None if is_list else 1
        arrays[field.name] = LazyArray(str(of), floating, axes, lambda name=field.name: _from_parquet(path, name))
    return arrays


def _from_parquet(path: Path, column: str) -> Tensor:
    """One column of lists, read a few thousand rows at a time."""
    with pq.ParquetFile(path, memory_map=True) as file:
        N, filled, rows = file.metadata.num_rows, 0, torch.empty(0, 0)
        for batch in file.iter_batches(_ROWS, columns=[column]):
            lists: Any = batch.column(0)
            lengths = pc.call_function("list_value_length", [lists]).to_numpy(zero_copy_only=False)
            if lists.null_count or lists.flatten().null_count:
                raise UsageError(f"{path}: column '{column}' has null values; every row must be a list of numbers")
            values = _from_numpy(lists.flatten().to_numpy(zero_copy_only=False).copy())
            if not filled:
                rows = values.new_empty(N, int(lengths[0]))
            other = np.flatnonzero(lengths != rows.shape[1])
            if len(other):
                row, length = filled + int(other[0]), int(lengths[other[0]])
                raise UsageError(
                    f"{path}: row {row} of column '{column}' has {length} numbers, but row 0 has {rows.shape[1]}"
                )
            rows[filled : filled + len(lists)] = values.view(-1, rows.shape[1])
            filled += len(lists)
    return rows


_OPENERS: dict[str, Callable[[Path], Arrays]] = {
    ".npy": _open_npy,
    ".npz": _open_npz,
    ".safetensors": _open_safetensors,
    ".parquet": _open_parquet,
    ".pt": _open_pt,
    ".pth": _open_pt,
}
