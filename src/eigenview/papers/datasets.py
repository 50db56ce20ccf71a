"""The images that experiments use: real ones, or at `smoke` the digits that ship with scikit-learn."""

import gzip
import os
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from sklearn.datasets import load_digits

from eigenview._errors import UsageError
from eigenview.config import DataRecipe
from eigenview.papers.experiment import Scale

_ON_THE_HUB = {
    "cifar10": "hf:uoft-cs/cifar10",
    "cifar100": "hf:uoft-cs/cifar100",
    "stl10_subset": "hf:tanganke/stl10",
    "fashion_mnist": "hf:zalando-datasets/fashion_mnist",
}


def data_folder() -> Path | None:
    """The folder of real images that `$EIGENVIEW_DATA` names; None where the variable is not set."""
    folder = os.environ.get("EIGENVIEW_DATA")
    return Path(folder) if folder else None


def data_recipe(name: str, scale: Scale) -> DataRecipe:
    """The images that a run is trained on.

    Args:
        name: name of a data set, such as `cifar10`: the files `NAME-train.parquet` and `NAME-test.parquet` in
            `$EIGENVIEW_DATA` or, where they are missing, a public data set of that name.
        scale: at `smoke` the digits that ship with scikit-learn take the place of every data set.

    Raises:
        UsageError: the files are missing, and no public data set has that name.
    """
    if scale == "smoke":
        return DataRecipe("digits")
    folder = data_folder()
    files = [] if folder is None else [folder / f"{name}-{split}.parquet" for split in ("train", "test")]
    # The paper's own scale takes the whole data set, of which the folder may hold a part.
    if scale != "gpu" and files and all(file.exists() for file in files):
        train, test = (str(file.resolve()) for file in files)
        return DataRecipe(train, test)
    if name in _ON_THE_HUB:
        return DataRecipe(_ON_THE_HUB[name])
    missing = f"{name}-train.parquet and {name}-test.parquet"
    if folder is None:
        raise UsageError(f"EIGENVIEW_DATA is not set; set it to the folder that holds {missing}")
    raise UsageError(f"EIGENVIEW_DATA={folder} does not hold {missing}")


def two_classes(each: int, real: bool) -> tuple[Float[np.ndarray, "N d"], Int[np.ndarray, "N"], str]:
    """Pixels in [0, 1] of threes and eights, labels (1 for an eight), and a description of the images.

    Args:
        each: number of images of each class.
        real: use MNIST's 28 × 28 pixels if `$EIGENVIEW_DATA` holds them, instead of scikit-learn's 8 × 8.
    """
    folder = data_folder() if real else None
    files = (
        [] if folder is None else [folder / f"mnist-t10k-{kind}-ubyte.gz" for kind in ("images-idx3", "labels-idx1")]
    )
    if files and all(file.exists() for file in files):
        images, labels = files
        x = np.frombuffer(gzip.decompress(images.read_bytes()), np.uint8, offset=16).reshape(-1, 784) / 255
        y = np.frombuffer(gzip.decompress(labels.read_bytes()), np.uint8, offset=8)
        name = "MNIST"
    else:
        pixels, y = load_digits(return_X_y=True)
        x, y, name = np.asarray(pixels) / 16, np.asarray(y), "scikit-learn's digits"
    kept = np.concatenate([np.flatnonzero(y == digit)[:each] for digit in (3, 8)])
    return x[kept], (y[kept] == 8).astype(np.int64), f"{name}, threes and eights"
