"""Pictures that experiments are about: real ones where they are, else the digits that ship with scikit-learn."""

import gzip
import os
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from sklearn.datasets import load_digits

from eigenview._errors import UsageError
from eigenview.config import DataRecipe
from eigenview.papers.outcome import Scale

_ON_THE_HUB = {
    "cifar10": "hf:uoft-cs/cifar10",
    "cifar100": "hf:uoft-cs/cifar100",
    "stl10_subset": "hf:tanganke/stl10",
    "fashion_mnist": "hf:zalando-datasets/fashion_mnist",
}


def data_folder() -> Path:
    """Where real pictures are: `$EIGENVIEW_DATA`."""
    return Path(os.environ.get("EIGENVIEW_DATA", "../shared/data"))


def data_of(name: str, scale: Scale) -> DataRecipe:
    """Where the pictures of a run come from.

    Args:
        name: of a set, such as `cifar10`: files NAME-train.parquet and NAME-test.parquet in `$EIGENVIEW_DATA`, or
            where there are none a public set.
        scale: at `smoke` it is the digits that ship with scikit-learn instead.

    Raises:
        UsageError: the files are not there, and no public set has the name.
    """
    if scale == "smoke":
        return DataRecipe("digits")
    train, test = (data_folder() / f"{name}-{split}.parquet" for split in ("train", "test"))
    # At the paper's own scale all of the set, of which the folder may have a part.
    if scale != "gpu" and train.exists() and test.exists():
        return DataRecipe(str(train.resolve()), str(test.resolve()))
    if name not in _ON_THE_HUB:
        raise UsageError(f"{train.name} and {test.name} are not in '{data_folder()}': $EIGENVIEW_DATA is their folder")
    return DataRecipe(_ON_THE_HUB[name])


def two_classes(each: int, real: bool) -> tuple[Float[np.ndarray, "N d"], Int[np.ndarray, "N"], str]:
    """Pixels in [0, 1] of a number of threes and as many eights, which of the two they are, and where they are from.

    Args:
        each: of each class.
        real: MNIST's 28 × 28 pixels, if `$EIGENVIEW_DATA` has them; else, and without them, scikit-learn's 8 × 8.
    """
    images, labels = (data_folder() / f"mnist-t10k-{kind}-ubyte.gz" for kind in ("images-idx3", "labels-idx1"))
    if real and images.exists() and labels.exists():
        x = np.frombuffer(gzip.decompress(images.read_bytes()), np.uint8, offset=16).reshape(-1, 784) / 255
        y = np.frombuffer(gzip.decompress(labels.read_bytes()), np.uint8, offset=8)
        name = "MNIST"
    else:
        pixels, y = load_digits(return_X_y=True)
        x, y, name = np.asarray(pixels) / 16, np.asarray(y), "scikit-learn's digits"
    kept = np.concatenate([np.flatnonzero(y == digit)[:each] for digit in (3, 8)])
    return x[kept], (y[kept] == 8).astype(np.int64), f"{name}, threes and eights"
