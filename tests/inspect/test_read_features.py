"""Features in files: read as they are, and mistakes told in a line; of no file is anything run."""

import os
import resource
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import save_file

from eigenview._errors import UsageError
from eigenview.inspect import read_features

ROWS = torch.randn(9, 4, generator=torch.Generator().manual_seed(0))
VIEWS = torch.randn(2, 5, 4, generator=torch.Generator().manual_seed(0))


def write(path: Path, **arrays: torch.Tensor) -> Path:
    """Arrays in a file of any kind; a `.npy` has the first."""
    first = next(iter(arrays.values()))
    match path.suffix:
        case ".npy":
            np.save(path, first.numpy())
        case ".npz":
            named: dict[str, Any] = {name: array.numpy() for name, array in arrays.items()}
            np.savez(path, **named)
        case ".safetensors":
            save_file({name: array.clone() for name, array in arrays.items()}, path)
        case ".pt" | ".pth":
            torch.save(arrays if len(arrays) > 1 or "x" not in arrays else first, path)
        case ".parquet":
            pq.write_table(pa.table({name: pa.array(array.tolist()) for name, array in arrays.items()}), path)
    return path


@pytest.mark.parametrize("ending", [".npy", ".npz", ".safetensors", ".pt", ".pth", ".parquet"])
def test_every_format_gives_the_rows_back(tmp_path, ending):
    found = read_features(write(tmp_path / f"a{ending}", x=ROWS))
    torch.testing.assert_close(found.rows.float(), ROWS)
    assert found.name == ("x" if ending in (".npz", ".safetensors", ".parquet") else "a")


@pytest.mark.parametrize("ending", [".npy", ".npz", ".safetensors", ".pt"])
def test_views_stay_views(tmp_path, ending):
    assert torch.equal(read_features(write(tmp_path / f"a{ending}", features=VIEWS)).rows, VIEWS)


@pytest.mark.parametrize("ending", [".npz", ".safetensors", ".pt", ".parquet"])
def test_of_several_the_customary_names_count(tmp_path, ending):
    labels = torch.arange(9)
    both = write(tmp_path / f"a{ending}", features=ROWS, embeddings=ROWS + 1, labels=labels)
    assert read_features(both).name == "features"
    assert (
        read_features(write(tmp_path / f"b{ending}", other=ROWS, embeddings=ROWS, labels=labels)).name == "embeddings"
    )
    assert read_features(write(tmp_path / f"c{ending}", other=ROWS, labels=labels)).name == "other"
    with pytest.raises(UsageError, match="several arrays that could be the features: left, right"):
        read_features(write(tmp_path / f"d{ending}", left=ROWS, right=ROWS.clone()))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_number_formats_are_kept(tmp_path, dtype):
    rows = read_features(write(tmp_path / "a.safetensors", features=ROWS.to(dtype))).rows
    assert rows.dtype == dtype
    assert torch.equal(rows, ROWS.to(dtype))


def test_arrays_of_other_machines(tmp_path):
    np.save(tmp_path / "a.npy", np.asfortranarray(ROWS.numpy()).astype(">f4"))
    assert torch.equal(read_features(tmp_path / "a.npy").rows, ROWS)


@pytest.mark.parametrize("fixed", [True, False])
def test_parquet_in_many_row_groups(tmp_path, fixed):
    rows = torch.randn(5000, 3)
    values = pa.array(rows.numpy().ravel())
    lists = (
        pa.FixedSizeListArray.from_arrays(values, 3)
        if fixed
        else pa.ListArray.from_arrays(pa.array(np.arange(0, 15001, 3, dtype=np.int32)), values)
    )
    pq.write_table(pa.table({"features": lists}), tmp_path / "a.parquet", row_group_size=700)
    assert torch.equal(read_features(tmp_path / "a.parquet").rows, rows)


@pytest.mark.parametrize("ending", [".npy", ".safetensors", ".pt"])
def test_large_files_are_mapped(tmp_path, ending):
    path = write(tmp_path / f"a{ending}", features=torch.zeros(300, 2**10))
    file = path.stat().st_ino
    rows = read_features(path).rows
    mapped = [line.split() for line in Path("/proc/self/maps").read_text().splitlines()]
    spans = [tuple(int(end, 16) for end in line[0].split("-")) for line in mapped if int(line[4]) == file]
    assert any(low <= rows.data_ptr() < high for low, high in spans)


class Payload:
    """Makes a file when it is unpickled the way pickle means to be used."""

    def __init__(self, made: Path) -> None:
        self.made = made

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.made),)


def save_objects(path: Path, content: object) -> None:
    array = np.empty(2, dtype=object)
    array[0] = content
    if path.suffix == ".npy":
        np.save(path, array, allow_pickle=True)
    elif path.suffix == ".npz":
        np.savez(path, features=array)
    else:
        torch.save({"features": content}, path, _use_new_zipfile_serialization=path.stem != "old")


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.pt", "old.pt", "a.pth"])
def test_a_file_that_would_run_code_is_refused_and_nothing_runs(tmp_path, name):
    made = tmp_path / "made"
    path = tmp_path / name
    save_objects(path, Payload(made))
    with pytest.raises(UsageError, match=r"was not read.*could run code") as refused:
        read_features(path)
    assert "\n" not in str(refused.value)
    assert not made.exists()
    # It would have: the same bytes, read without care.
    if path.suffix == ".npy":
        np.load(path, allow_pickle=True)
    elif path.suffix == ".npz":
        np.load(path, allow_pickle=True)["features"]
    else:
        torch.load(path, weights_only=False)
    assert made.exists()


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("note.txt", "nothing")


def parquet(**columns: list) -> Callable[[Path], object]:
    return lambda path: pq.write_table(pa.table(columns), path)


def array(value: object) -> Callable[[Path], object]:
    return lambda path: np.save(path, np.asarray(value))


NAN = np.ones((6, 3), np.float32)
NAN[[2, 5], 1] = np.nan
NAN_VIEWS = np.ones((2, 3, 4), np.float32)
NAN_VIEWS[1, 2, 0] = np.inf


@pytest.mark.parametrize(
    ("name", "make", "said"),
    [
        ("a.npy", lambda path: None, "does not exist: pass a file of features or a run directory"),
        ("a.txt", lambda path: path.write_text("x"), "the extension must be one of .npy, .npz"),
        ("a.npy", lambda path: path.mkdir(), "is neither a file of features nor a run"),
        ("a.npy", lambda path: path.touch(), "is empty"),
        ("a.npz", lambda path: path.touch(), "is empty"),
        ("a.npy", lambda path: path.write_text("hello there"), "cannot read"),
        ("a.npz", lambda path: path.write_text("hello there"), "cannot read"),
        ("a.pt", lambda path: path.write_text("hello there"), "cannot read"),
        ("a.safetensors", lambda path: path.write_text("hello there"), "cannot read"),
        ("a.parquet", lambda path: path.write_text("hello there"), "cannot read"),
        ("a.npz", zipped, "it holds nothing"),
        ("a.npy", array(np.ones(5)), r"features must be \[N, D\], or \[K, P, D\] with views first, not 5"),
        ("a.npy", array(np.ones((2, 2, 2, 2))), "not 2 × 2 × 2 × 2"),
        ("a.npy", array(np.float64(3)), "not a single number"),
        ("a.npy", array(np.arange(6).reshape(3, 2)), "holds int64 values, but .* these look like labels"),
        ("a.npy", array(np.ones((3, 2), bool)), "holds bool values, but features are floating-point numbers"),
        ("a.npy", array(np.ones((3, 2), complex)), "holds complex128"),
        ("a.npy", array(NAN), "2 of 6 rows have NaN or infinite values, the first is row 2"),
        ("a.npy", array(NAN_VIEWS), "1 row has NaN or infinite values, the first is view 1 of sample 2"),
        ("a.npy", array(np.ones((1, 4))), "has one sample"),
        ("a.npy", array(np.ones((3, 1, 4))), "has one sample"),
        ("a.npy", array(np.ones((4, 0))), "holds no features: the shape of its array is 4 × 0"),
        ("a.npy", array(np.ones((0, 4))), "holds no features: the shape of its array is 0 × 4"),
        ("a.pt", lambda path: torch.save({"epoch": 3}, path), "it holds nothing"),
        ("a.pt", lambda path: torch.save([ROWS], path), "it holds nothing"),
        (
            "a.safetensors",
            lambda path: save_file({"y": torch.arange(3)}, path),
            "holds int64 values, .*look like labels",
        ),
        ("a.parquet", parquet(a=[1.0, 2.0], b=["x", "y"]), r"no array of floating-point .* a \(double\), b \(string\)"),
        (
            "a.parquet",
            parquet(features=[[1.0, 2.0], [3.0]]),
            "row 1 of column 'features' has 1 numbers, but row 0 has 2",
        ),
        ("a.parquet", parquet(features=[[1.0], None]), "has null values"),
        ("a.parquet", parquet(features=pa.array([], pa.list_(pa.float32()))), "holds no features"),
    ],
)
def test_a_mistake_is_one_line(tmp_path, name, make, said):
    make(tmp_path / name)
    with pytest.raises(UsageError, match=said) as refused:
        read_features(tmp_path / name)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("ending", [".npy", ".npz", ".safetensors", ".pt", ".parquet"])
def test_a_truncated_file_is_one_line(tmp_path, ending):
    path = write(tmp_path / f"a{ending}", features=torch.randn(200, 30))
    whole = path.read_bytes()
    for share in (0.05, 0.5, 0.98):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(UsageError, match=r"cannot read|was not read") as refused:
            read_features(path)
        assert "\n" not in str(refused.value)


def test_a_header_that_promises_more_than_memory_takes_none(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((3, 10)))
    whole = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(whole.replace(b"(3, 10), }       ", b"(3000000000, 10)}"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UsageError, match="cannot read"):
        read_features(tmp_path / "a.npy")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**20
