"""Features of images by a run's encoder, in a file for use elsewhere."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from jaxtyping import Float
from rich.console import Console
from safetensors.numpy import save_file

from eigenview._errors import UsageError
from eigenview._files import atomic_write
from eigenview._progress import track
from eigenview.data import Images, batches_of, open_images
from eigenview.nets import Encoder, default_device
from eigenview.runs.load import load
from eigenview.runs.run import Run


def embed(
    run: str | Path, source: str, out: str | Path, split: str = "train", console: Console | None = None
) -> tuple[int, int]:
    """Writes the features of images.

    Args:
        run: a run's directory.
        source: images, as for training.
        out: `.npy` (an array [N, d_enc], float32), `.safetensors` (`features`, and `labels` where there are any) or
            `.parquet` (a row an image: `name`, `features`, and `label` where there are any). Rows keep their order.
        split: which split of the source; one without splits is all `train`.
        console: where to show progress.

    Returns:
        N and d_enc.

    Raises:
        UsageError: no such run or images, or an ending that is none of these.
    """
    out, console = Path(out), console or Console(quiet=True)
    if out.suffix not in _WRITERS:
        raise UsageError(f"--out {out}: the extension must be one of {', '.join(_WRITERS)}")
    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: the directory {out.parent} does not exist")
    encoder, side = load(run), Run.open(run).recipe.data.size
    images = open_images(source, split)
    features = encode(encoder, images, side, console)
    with atomic_write(out) as temporary:
        _WRITERS[out.suffix](temporary, features, images)
    if images.skipped:
        console.print(images.skipped_summary(), markup=False, soft_wrap=True)
    return features.shape[0], features.shape[1]


def encode(encoder: Encoder, images: Images, side: int | None, console: Console) -> Float[np.ndarray, "N d_enc"]:
    """Features of all the images, at a side of `side` pixels (their own if None), in float32.

    Raises:
        UsageError: features that are not finite.
    """
    device = default_device()
    encoder = encoder.to(device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    features = np.empty((len(images), encoder.features), np.float32)
    with torch.no_grad(), track("embedding images", len(images), console) as progress:
        for indices, batch in batches_of(images, side, 256):
            features[indices] = encoder(batch.to(device)).float().cpu().numpy()
            progress.advance(len(batch))
    if not np.isfinite(features).all():
        raise UsageError("the encoder's features are not finite: see the alarms in the run's report")
    return features


def _write_npy(path: Path, features: np.ndarray, images: Images) -> None:
    with path.open("wb") as file:
        np.save(file, features, allow_pickle=False)


def _write_safetensors(path: Path, features: np.ndarray, images: Images) -> None:
    labels = {} if images.labels is None else {"labels": images.labels}
    save_file({"features": features, **labels}, path)


def _write_parquet(path: Path, features: np.ndarray, images: Images) -> None:
    N, d_enc = features.shape
    columns: dict[str, pa.Array] = {
        "name": pa.array([images.name(i) for i in range(N)]),
        "features": pa.FixedSizeListArray.from_arrays(pa.array(features.ravel()), d_enc),
    }
    if images.labels is not None:
        columns["label"] = pa.array(images.labels)
    pq.write_table(pa.table(columns), path)


_WRITERS: dict[str, Callable[[Path, np.ndarray, Images], None]] = {
    ".npy": _write_npy,
    ".safetensors": _write_safetensors,
    ".parquet": _write_parquet,
}
