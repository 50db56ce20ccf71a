"""Arrays in files of a user's, by name; of no file is any code run, and what can be mapped from disk is."""

import warnings
import zipfile
from collections.abc import Callable, Mapping
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

Arrays = Mapping[str, "Unread"]
_ROWS = 4096


class Unread:
    """An array that is known by its kind, and read when it is asked for.

    Args:
        kind: its number format, as a person reads it.
        floating: whether that is one of real numbers.
        axes: how many it has; None where that shows only when it is read.
        read: reads it.
    """

    def __init__(self, kind: str, floating: bool, axes: int | None, read: Callable[[], Tensor]) -> None:
        self.kind, self.floating, self.axes, self.read = kind, floating, axes, read


def open_arrays(path: Path) -> Arrays:
    """The arrays of a file.

    Args:
        path: `.npy`, `.npz`, `.safetensors`, `.parquet`, `.pt` or `.pth`.

    Raises:
        UsageError: another ending, or a file that is damaged or made to run code.
    """
    if not path.exists():
        raise UsageError(f"{path}: there is no such file or run")
    if path.is_dir():
        raise UsageError(f"{path} is a directory, not a file of features, and no run: it has no recipe.yaml")
    if path.suffix.lower() not in _OPENERS:
        raise UsageError(f"{path}: its ending must be one of {', '.join(_OPENERS)}, or it must be a run's directory")
    if not path.stat().st_size:
        raise UsageError(f"{path} is empty")
    return read_safely(path, lambda: _OPENERS[path.suffix.lower()](path))


def read_safely(path: Path, read: Callable[[], Any]) -> Any:
    """What `read` returns, its failures told in a line.

    Raises:
        UsageError: it failed.
    """
    try:
        return read()
    except UsageError:
        raise
    except Exception as error:  # numpy, torch, pyarrow and safetensors each have words of their own for a bad file
        reason = (str(error).strip().splitlines() or [""])[0]
        what = f"{type(error).__name__}: {reason}"
        raise UsageError(f"cannot read {path}: it is damaged, or not what its ending says ({what})") from error


def _from_numpy(array: np.ndarray) -> Tensor:
    """Shares the array's memory where torch knows its number format in this machine's byte order."""
    native = array.dtype.newbyteorder("=")
    if native.itemsize > 8:
        native = np.dtype(np.float64)
    return torch.from_numpy(array.astype(native, copy=False))


def _unread_numpy(array: np.ndarray) -> Unread:
    return Unread(array.dtype.name, array.dtype.kind == "f", array.ndim, lambda: _from_numpy(array))


def _refuse_objects(path: Path, dtype: np.dtype) -> None:
    if dtype.hasobject:
        raise UsageError(
            f"{path} holds pickled Python objects, which could run code, and was not read: "
            "save an array of floating numbers"
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
        return {path.stem: _unread_numpy(np.empty(shape, dtype))}
    # "c" keeps the file as it is, and lets torch have what it takes for writable memory.
    return {path.stem: _unread_numpy(np.load(path, mmap_mode="c", allow_pickle=False))}


def _open_npz(path: Path) -> Arrays:
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".npy")]
        for name in names:
            with archive.open(name) as file:
                shape, dtype = _header(file)
            key = name.removesuffix(".npy")
            kind, floating = ("object", False) if dtype.hasobject else (dtype.name, dtype.kind == "f")
            arrays[key] = Unread(kind, floating, len(shape), lambda key=key: _from_npz(path, key))
    return arrays


def _from_npz(path: Path, key: str) -> Tensor:
    with np.load(path, allow_pickle=False) as archive:
        return _from_numpy(archive[key])


def _unread_tensor(tensor: Tensor) -> Unread:
    kind = str(tensor.dtype).removeprefix("torch.")
    return Unread(kind, tensor.is_floating_point() and tensor.itemsize > 1, tensor.ndim, lambda: tensor)


def _open_safetensors(path: Path) -> Arrays:
    with safe_open(path, framework="pt") as file:
        return {name: _unread_tensor(file.get_tensor(name)) for name in sorted(file.keys())}


def _open_pt(path: Path) -> Arrays:
    mapped = zipfile.is_zipfile(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pickles that it then refuses
            content = torch.load(path, weights_only=True, map_location="cpu", mmap=mapped)
    except Exception as error:
        if "Weights only load failed" not in str(error):
            raise
        # Either there is something in it that could run code, or its bytes are no pickle at all.
        raise UsageError(
            f"{path} holds more than tensors and plain values, which could run code, or is damaged, and was not read: "
            "save a tensor, or a dict of tensors"
        ) from error
    if isinstance(content, Tensor):
        return {path.stem: _unread_tensor(content)}
    named = content if isinstance(content, Mapping) else {}
    return {str(name): _unread_tensor(value) for name, value in named.items() if isinstance(value, Tensor)}


def _open_parquet(path: Path) -> Arrays:
    arrays = {}
    for field in pq.read_schema(path):
        kind = field.type
        is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
        of = kind.value_type if is_list else kind
        floating = is_list and pa.types.is_floating(of)
        axes = 2 if is_list and not pa.types.is_nested(of) else None if is_list else 1
        arrays[field.name] = Unread(str(of), floating, axes, lambda name=field.name: _from_parquet(path, name))
    return arrays


def _from_parquet(path: Path, column: str) -> Tensor:
    """One column of lists, some thousand rows at a time."""
    with pq.ParquetFile(path, memory_map=True) as file:
        N, filled, rows = file.metadata.num_rows, 0, torch.empty(0, 0)
        for batch in file.iter_batches(_ROWS, columns=[column]):
            lists: Any = batch.column(0)
            lengths = pc.call_function("list_value_length", [lists]).to_numpy(zero_copy_only=False)
            if lists.null_count or lists.flatten().null_count:
                raise UsageError(f"{path}: column '{column}' has values that are null; every row must have its numbers")
            values = _from_numpy(lists.flatten().to_numpy(zero_copy_only=False).copy())
            if not filled:
                rows = values.new_empty(N, int(lengths[0]))
            other = np.flatnonzero(lengths != rows.shape[1])
            if len(other):
                row, length = filled + int(other[0]), int(lengths[other[0]])
                raise UsageError(
                    f"{path}: row {row} of column '{column}' has {length} numbers where row 0 has {rows.shape[1]}"
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
